# Build or refresh .venv from pinned requirements: sh clinic/runtime/venv.sh PYTHON REQUIREMENTS...
# Does nothing, in a few milliseconds, when .venv holds exactly them already. Says in one line what is wrong otherwise.
set -eu

python=$1
shift

refuse() {
    echo "$1" >&2
    exit 1
}

# One at a time: `make lint` and `make test` may be started together.
if [ -z "${CLINIC_VENV_LOCKED:-}" ] && command -v flock >/dev/null; then
    CLINIC_VENV_LOCKED=1 exec flock Makefile sh "$0" "$python" "$@"
fi

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    [ -n "$python" ] || refuse "Python 3.11 or newer is needed, and $(python3 --version 2>/dev/null || echo none) was found: install python3.11, or say make PYTHON=/path/to/it."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        refuse "Python 3.11 or newer is needed, and $python is $("$python" --version 2>/dev/null || echo 'not there'): say make PYTHON=/path/to/another."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        refuse "This Python cannot make virtual environments: install its venv package (on Debian: apt-get install python3-venv)."
    echo "Making the virtual environment .venv with $("$python" --version) ..."
    rm -rf .venv
    "$python" -m venv .venv || refuse "The virtual environment .venv could not be made; see above."
fi

for requirements in "$@"; do
    wanted=$(cksum <"$requirements")
    stamp=.venv/.installed-$requirements
    if [ "$wanted" != "$(cat "$stamp" 2>/dev/null || true)" ]; then
        echo "Installing $requirements (a minute or two the first time) ..."
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$requirements" ||
            refuse "The packages of $requirements could not be installed: see above, then try again."
        echo "$wanted" >"$stamp"
    fi
done
