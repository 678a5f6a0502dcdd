//! `slack-auth store import`: what `slack_sdk` and `@slack/oauth` have kept.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use slack_auth::import::{self, Imported, LeftOut};

use super::newer::{Counts, put_if_newer};
use super::output::print;
use super::progress::Progress;
use super::session::SessionArguments;
use crate::problem::Problem;

#[derive(Args)]
#[command(after_help = CUT_OVER)]
pub(crate) struct ImportArguments {
    /// A SQLite database or a JSON dump of the tables of `slack_sdk`, or JSON files of `@slack/oauth`, the oldest first.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read the files and print what would be stored, without writing.
    #[arg(long)]
    dry_run: bool,
}

const CUT_OVER: &str = "\
A JSON dump of slack_sdk's tables is one object with the arrays `slack_installations` and `slack_bots` of rows.
A JSON file of @slack/oauth is one installation, as its InstallationStore gets it, or an array of them.

Stop every process that uses the old store before, and never start it again: a refresh token works once, so two programs must
not refresh the same one. A second run stores only what is newer than what the store holds.";

pub(super) async fn import(
    wanted: &ImportArguments,
    arguments: &SessionArguments,
) -> Result<(), Problem> {
    let imported = read(&wanted.files, arguments)?;
    let rows = &imported.installations;
    let mut counts = Counts::default();
    if !wanted.dry_run {
        let store = arguments.open_store(arguments.client_id()?).await?;
        let progress = Progress::new("importing", rows.len());
        for (key, installation) in rows {
            counts.add(key, put_if_newer(&store, key, installation).await?);
            progress.step();
        }
        progress.end();
    }
    let left_out: Vec<String> = imported.left_out.iter().map(ToString::to_string).collect();
    let displaced: Vec<String> = imported.displaced.iter().map(|(key, _)| key.to_text()).collect();
    let value = json!({
        "installations": rows.len(),
        "written": counts.written,
        "unchanged": counts.unchanged,
        "kept": counts.kept,
        "displaced": displaced,
        "left_out": left_out,
    });
    let mut lines = summary(&imported.left_out);
    lines.extend(displaced.iter().map(|key| format!("displaced by a newer credential: {key}")));
    lines.push(format!("{} installations read", rows.len()));
    if !wanted.dry_run {
        lines.push(counts.line());
    }
    print(arguments.json, &value, &lines)
}

/// Returns a line for each kind of what was left out, with the first row that it concerns.
fn summary(left_out: &[LeftOut]) -> Vec<String> {
    let mut kinds: Vec<(&LeftOut, usize)> = Vec::new();
    let is_alike = |a: &LeftOut, b: &LeftOut| {
        let field = |it: &LeftOut| it.field.as_ref().map(ToString::to_string);
        a.source == b.source && a.reason == b.reason && field(a) == field(b)
    };
    for it in left_out {
        match kinds.iter_mut().find(|(first, _)| is_alike(first, it)) {
            Some((_, others)) => *others += 1,
            None => kinds.push((it, 0)),
        }
    }
    let line = |(first, others): (&LeftOut, usize)| match others {
        0 => format!("left out: {first}"),
        others => format!("left out: {first}; {others} more like it"),
    };
    kinds.into_iter().map(line).collect()
}

/// Reads the files, which are all of one kind.
fn read(files: &[PathBuf], arguments: &SessionArguments) -> Result<Imported, Problem> {
    let app = arguments.client_id()?;
    let mut objects = Vec::new();
    for path in files {
        if is_sqlite(path)? {
            let [one] = files else { return Err(one_alone(path)) };
            let (installations, bots) = sqlite(one)?;
            return import::slack_sdk(&app, &installations, &bots).map_err(Problem::misuse);
        }
        let text = std::fs::read_to_string(path).map_err(|error| cannot(path, &error))?;
        match serde_json::from_str(&text) {
            Ok(Value::Array(rows)) => objects.extend(rows),
            Ok(Value::Object(tables)) if tables.contains_key("slack_installations") => {
                if files.len() != 1 {
                    return Err(one_alone(path));
                }
                let table = |name| tables.get(name).cloned().unwrap_or(json!([])).to_string();
                let (installations, bots) = (table("slack_installations"), table("slack_bots"));
                return import::slack_sdk(&app, &installations, &bots).map_err(Problem::misuse);
            }
            Ok(Value::Object(one)) => objects.push(Value::Object(one)),
            // What serde says may quote the text.
            _ => {
                let text = format!("{} is neither SQLite nor JSON of this kind", path.display());
                return Err(Problem::misuse(text));
            }
        }
    }
    import::slack_oauth(&Value::Array(objects).to_string()).map_err(Problem::misuse)
}

fn one_alone(path: &Path) -> Problem {
    Problem::misuse(format!("{} holds whole tables: import it alone", path.display()))
}

fn cannot(path: &Path, error: &std::io::Error) -> Problem {
    Problem::misuse(format!("cannot read {}: {error}", path.display()))
}

fn is_sqlite(path: &Path) -> Result<bool, Problem> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|error| cannot(path, &error))?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(|error| cannot(path, &error))?;
    Ok(start == MAGIC)
}

/// How a SQLite database begins.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Reads both tables as JSON arrays.
#[cfg(feature = "sqlite")]
fn sqlite(path: &Path) -> Result<(String, String), Problem> {
    use rusqlite::{Connection, OpenFlags};

    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error: rusqlite::Error| {
        let code = error.sqlite_error_code();
        let code = code.map_or_else(|| "no table of slack_sdk".to_owned(), |it| format!("{it:?}"));
        Problem::refused(format!("SQLite cannot read {}: {code}", path.display()))
    };
    let database = Connection::open_with_flags(path, flags).map_err(failed)?;
    let rows = |table: &str| -> rusqlite::Result<String> {
        let is_there = "select count(*) from sqlite_master where type = 'table' and name = ?1";
        if database.query_row(is_there, [table], |row| row.get::<_, i64>(0))? == 0 {
            return Ok("[]".to_owned());
        }
        let mut query = database.prepare(&format!("select * from {table}"))?;
        let names: Vec<String> = query.column_names().into_iter().map(str::to_owned).collect();
        let mut found = query.query([])?;
        let mut all = Vec::new();
        while let Some(row) = found.next()? {
            let mut object = Map::new();
            for (index, name) in names.iter().enumerate() {
                object.insert(name.clone(), value(row.get_ref(index)?));
            }
            all.push(Value::Object(object));
        }
        Ok(Value::Array(all).to_string())
    };
    let tables =
        (rows("slack_installations").map_err(failed)?, rows("slack_bots").map_err(failed)?);
    if tables == ("[]".to_owned(), "[]".to_owned()) {
        return Err(Problem::misuse(format!(
            "{} has no rows in slack_installations or slack_bots",
            path.display()
        )));
    }
    Ok(tables)
}

#[cfg(feature = "sqlite")]
fn value(value: rusqlite::types::ValueRef<'_>) -> Value {
    use rusqlite::types::ValueRef;

    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
    }
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(path: &Path) -> Result<(String, String), Problem> {
    let _ = Map::<String, Value>::new();
    Err(Problem::misuse(format!(
        "{} is a SQLite database, and this slack-auth was built without the feature `sqlite`: dump its tables as JSON, see --help",
        path.display()
    )))
}
