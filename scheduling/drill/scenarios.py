"""What is drilled, in the order in which it is worth waiting for."""

from collections.abc import Callable

from scheduling.drill.broker import broker_lost, no_broker
from scheduling.drill.clocks import clocks
from scheduling.drill.findings import Finding
from scheduling.drill.pages import pages_stay_quick
from scheduling.drill.speed import beside_a_loop, two_beside_one
from scheduling.drill.storm import storm
from scheduling.drill.world import World

#: By the name that `--only` takes.
SCENARIOS: dict[str, Callable[[World], list[Finding]]] = {
    "storm": storm,
    "broker": broker_lost,
    "no-broker": no_broker,
    "clock": clocks,
    "speed": beside_a_loop,
    "two-workers": two_beside_one,
    "pages": pages_stay_quick,
}
