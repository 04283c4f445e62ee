#!/usr/bin/env bash
# Builds the grading image; run once, as root, with network access.
set -euo pipefail
source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=${COURSE_ENVIRONMENT:-/opt/course}

find_python() {
  command -v python3.12 || command -v python3.13 || command -v python3.11
}

install_python() { # if the system's Python is too old
  python3 -m venv /opt/uv
  /opt/uv/bin/pip install --quiet 'uv<1'
  UV_PYTHON_INSTALL_DIR=/opt/python /opt/uv/bin/uv --quiet python install 3.12
  UV_PYTHON_INSTALL_DIR=/opt/python /opt/uv/bin/uv python find 3.12
}

if command -v apt-get >/dev/null; then
  apt-get update --quiet
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
    python3-venv libseccomp2
fi
python=$(find_python || install_python)

"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
  -r "$source_folder/requirements.txt" -c "$source_folder/constraints.txt"

# The package is not installed: it is imported from a folder that only root can read.
site=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$source_folder" >"$site/course.pth"
chmod -R a+rX "$environment"
chmod -R go= "$source_folder"
