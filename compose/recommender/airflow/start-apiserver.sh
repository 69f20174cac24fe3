#!/usr/bin/env bash
# Gives the simple auth manager's user `admin` the password of this environment, then serves.
# Without the file Airflow would make up a password of its own and print it into the log.
set -euo pipefail

: "${AIRFLOW_ADMIN_PASSWORD:?is not set}"
file="${AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE:?is not set}"

mkdir -p "$(dirname "$file")"
umask 077
python - "$file" <<'PYTHON'
import json, os, pathlib, sys
pathlib.Path(sys.argv[1]).write_text(json.dumps({"admin": os.environ["AIRFLOW_ADMIN_PASSWORD"]}) + "\n")
PYTHON
exec airflow "${@:-api-server}"
