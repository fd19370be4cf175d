"""The planner: values in, values out. It finds the best series of visits and can say why each date is what it is.

It imports no Django, asks no clock and touches no database. The caller loads site days, resources and what is taken,
as integers; the planner returns plans, and the caller books one under its locks. Units are those of ``values.py``:
cells of five minutes numbered from the UTC epoch, half-open stretches, local minutes only for wishes and printing.

The way a series is found
-------------------------
1. ``grid``     what is taken becomes counts of free units, [resource, day, cell], in one running sum.
2. ``starts``   for every day and start the cheapest chair, doctor, monitor and nurses (``nurses``: a shortest path over
                the cells of the visit, in which passing the patient on costs a hand-over). One table [day, cell] of
                least costs remains, since the visits of a series lie on different days.
3. ``wishes``   limits take starts out of the table, preferences add points (``cost``: every term and weight).
4. ``chain``    visits are tied to each other only by the days between neighbours and the difference of their hours;
                dynamic programming over (visit, day, hour) therefore finds the cheapest series of all, not a good one.
5. ``plans``, ``reasons``, ``alternatives``   who serves each visit, why each date, and up to two plans that differ.
6. ``refusal``  when there is none: the smallest sets of limits to relax, proven by trying, and what is short.

``search.search_series`` plans a series or what is left of one, ``search.possible_starts`` lists the starts of a single
visit, ``moves.move_visit`` moves one visit with the fewest others, ``labels`` gives held counts their unit numbers.

A worked example
----------------
One chair and one nurse are there on five days from 08:00 to 09:00. The visit takes half an hour: ten minutes of the
nurse's hands, then twenty of her watching. On Wednesday her hands are taken. Two visits are wanted, two days apart at
best, one to three days apart at all, the first of them kept on Monday.

>>> from datetime import date, timedelta
>>> from scheduling.planner.search import search_series
>>> from scheduling.planner.values import *
>>> chair = Need(Kind.CHAIR, Lane.WHOLE)
>>> shape = VisitShape((
...     Phase("prepare", 2, (chair, Need(Kind.NURSE, Lane.HANDS))),
...     Phase("infuse", 4, (chair, Need(Kind.NURSE, Lane.WATCH))),
... ))
>>> resources = [Resource(1, frozenset({"recliner"})), Resource(2, frozenset({"nurse"}), watch=4)]
>>> monday, first = date(2027, 3, 1), 6_012_000
>>> def day(number):
...     start = first + 288 * number
...     there = {1: ((start, start + 12),), 2: ((start, start + 12),)}
...     return SiteDay(monday + timedelta(days=number), start, range(480, 540, 5), there)
>>> wednesday = day(2)
>>> taken = Taken.from_rows([(2, wednesday.start, wednesday.end, 0, 1)])
>>> request = SeriesRequest(shape, 2, monday, min_gap_days=1, max_gap_days=3, ideal_gap_days=2,
...                         pins=(Pin(0, monday),), alternatives=1)
>>> plan = search_series(request, [day(n) for n in range(5)], resources, taken).plans[0]
>>> [(visit.date.strftime("%a"), visit.minute) for visit in plan.visits]
[('Mon', 480), ('Tue', 480)]
>>> [reason.code for reason in plan.visits[1].reasons]
['nearest_possible_day', 'moved_because_no_nurse_hands', 'same_hour']
>>> {term: points for term, points in plan.terms.items() if points}
{'spacing': 400}
>>> [(one.resource, one.lane.value, one.end - one.start) for one in plan.visits[1].placements]
[(1, 'whole', 6), (2, 'hands', 2), (2, 'watch', 4)]

Tuesday and Thursday are each a day from the ideal and cost the same; of equals the earlier end wins. The half hour left
on the chair is long enough for another such visit, so nothing is lost there and ``fragmentation`` is nothing.
"""
