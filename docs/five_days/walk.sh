#!/usr/bin/env bash
# Five days of a ranker: trained, published, served, logged, trained on, refused, rolled back.
#
#     bash docs/five_days/walk.sh
#
# makes everything in the folder it is started in, which should be empty; docs/life.md and docs/monitoring.md tell more.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

# Monday. A log, a first model, a first version. Nothing is served yet, so what the rules say of the candidate decides.
python "$here/shop.py" log data/monday
tfelc train --task ctr,cvr --data data/monday --run runs/monday --config "$here/train.yaml"
tfelc publish --run runs/monday --to exports/ranker --data data/monday --rules "$here/rules.yaml"
tfelc serve --config exports/ranker/models.config --config-poll 1 --rest-port 8501 --grpc-port 8500 \
  --allow-version-labels-for-unavailable-models --request-log logs --request-log-sample 1 --request-log-file-seconds 1 &
server=$!
trap 'kill "$server"' EXIT

# Tuesday. The server logs what it is asked; joined to what came of it, that is the day's training data. The ranker goes
# on from Monday's, and takes its place where it is not worse.
python "$here/shop.py" day 2 http://127.0.0.1:8501 1 outcomes/tuesday.parquet
tfelc prepare requests --requests logs --outcomes outcomes/tuesday.parquet --key request_id --unmatched drop \
  --schema shop.yaml --out data/tuesday
tfelc train --task ctr,cvr --from runs/monday --data data/tuesday --run runs/tuesday
tfelc publish --run runs/tuesday --to exports/ranker --data data/tuesday --rules "$here/rules.yaml"

# Wednesday. The same, and a look at what was served since: what has moved since the version was exported?
python "$here/shop.py" day 3 http://127.0.0.1:8501 2 outcomes/wednesday.parquet
tfelc prepare requests --requests logs --outcomes outcomes/wednesday.parquet --key request_id --unmatched drop \
  --schema shop.yaml --out data/wednesday
tfelc monitor --requests logs --model exports/ranker/2 --outcomes outcomes/wednesday.parquet --key request_id \
  --unmatched drop --thresholds "$here/thresholds.yaml" --html monitor.html
tfelc train --task ctr,cvr --from runs/tuesday --data data/wednesday --run runs/wednesday
tfelc publish --run runs/wednesday --to exports/ranker --data data/wednesday --rules "$here/rules.yaml"

# Thursday. Somebody's join gives each outcome to another impression. A ranker that is trained on that, from nothing, is
# refused by Wednesday's rows; the page says why. Wednesday's goes on serving.
python "$here/shop.py" day 4 http://127.0.0.1:8501 3 outcomes/thursday.parquet --mixed-up
tfelc prepare requests --requests logs --outcomes outcomes/thursday.parquet --key request_id --unmatched drop \
  --schema shop.yaml --out data/thursday
tfelc train --task ctr,cvr --data data/thursday --run runs/thursday --config "$here/train.yaml"
if tfelc publish --run runs/thursday --to exports/ranker --data data/wednesday --rules "$here/rules.yaml" --page refused.html; then
  echo "what was trained on the outcomes of others has been published" >&2
  exit 1
fi

# Friday. The join is mended, and the ranker goes on from Wednesday's. Then somebody does not like what is shown: back to
# Wednesday's version, which the server still holds.
python "$here/shop.py" day 5 http://127.0.0.1:8501 3 outcomes/friday.parquet
tfelc prepare requests --requests logs --outcomes outcomes/friday.parquet --key request_id --unmatched drop \
  --schema shop.yaml --out data/friday
tfelc train --task ctr,cvr --from runs/wednesday --data data/friday --run runs/friday
tfelc publish --run runs/friday --to exports/ranker --data data/friday --rules "$here/rules.yaml"
tfelc rollback --to exports/ranker
