#!/usr/bin/env bash
# slack_sdk 3.48.0 (PyPI): its installation stores disagree about which bot token an installation has after `save_bot`.
#
# `save_bot` is what its own token rotation calls after a refresh of the bot's token. `find_bot` returns the new pair in
# every store. `find_installation` without a user id returns the old pair in every store, whose refresh token is spent.
# With a user id SQLite3InstallationStore returns the old pair as well, and SQLAlchemyInstallationStore and
# FileInstallationStore return the new one. So a program that changes its store changes which token it sends, and who
# imports such tables must take the newest of the bot's row and the installation's row.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check slack_sdk==3.48.0 SQLAlchemy==2.0.44 || exit 75

"$work/venv/bin/python" - "$work" <<'PY'
import logging, sys, time
import sqlalchemy
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore

logging.disable(logging.CRITICAL)
work = sys.argv[1]
engine = sqlalchemy.create_engine(f"sqlite:///{work}/alchemy.db")
stores = {
    "file": FileInstallationStore(base_dir=f"{work}/files", client_id="1.2"),
    "sqlite3": SQLite3InstallationStore(database=f"{work}/sqlite3.db", client_id="1.2"),
    "sqlalchemy": SQLAlchemyInstallationStore(client_id="1.2", engine=engine),
}
stores["sqlite3"].init()
stores["sqlalchemy"].create_tables()

seen = {}
for name, store in stores.items():
    store.save(Installation(
        app_id="A1", user_id="U1", team_id="T1", bot_id="B1", bot_user_id="U2", installed_at=time.time() - 100,
        bot_token="xoxe.xoxb-1-FAKE-old", bot_refresh_token="xoxe-1-FAKE-old", bot_token_expires_at=int(time.time()),
    ))
    bot = store.find_bot(enterprise_id=None, team_id="T1")
    bot.bot_token, bot.bot_refresh_token = "xoxe.xoxb-1-FAKE-new", "xoxe-1-FAKE-new"
    bot.installed_at = time.time()
    store.save_bot(bot)
    seen[name] = tuple(found.bot_token.rsplit("-", 1)[1] for found in (
        store.find_bot(enterprise_id=None, team_id="T1"),
        store.find_installation(enterprise_id=None, team_id="T1"),
        store.find_installation(enterprise_id=None, team_id="T1", user_id="U1"),
    ))
    print(f"{name:10} find_bot={seen[name][0]} find_installation={seen[name][1]} with a user id={seen[name][2]}")
expected = {"file": ("new", "old", "new"), "sqlite3": ("new", "old", "old"), "sqlalchemy": ("new", "old", "new")}
sys.exit(0 if seen == expected else 1)
PY
