//! `errors.md` lists what the code's own tables list: each code with its meaning and remedy, each kind with its docs.
//!
//! `GUIDE_BLESS=1 cargo test -p slack-auth-guide --test errors` writes the tables anew. The remedies of kinds are written by
//! hand, and stay.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use slack_auth::{
    ApiMethod,
    error::Recovery,
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OpenidConnectToken, ToolingTokensRotate,
    },
    oauth::Callback,
};
use syn::{
    Attribute, Expr, Ident, Item, Lit, LitStr, Meta, Token, Visibility, braced,
    parse::{Parse, ParseStream},
};

#[test]
fn the_page_lists_what_the_code_lists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("errors.md");
    let old = fs::read_to_string(&page).unwrap();
    let new = renewed(&old);
    if std::env::var_os("GUIDE_BLESS").is_some() {
        fs::write(&page, &new).unwrap();
    }
    for (number, (old, new)) in old.lines().zip(new.lines()).enumerate() {
        assert_eq!(old, new, "line {}; GUIDE_BLESS=1 renews the tables", number + 1);
    }
    assert_eq!(old.len(), new.len(), "GUIDE_BLESS=1 renews the tables");
    assert!(!new.contains("| TODO |"), "a kind has no remedy yet");
}

/// Every table of codes, and every public enum whose name says that it is of errors, is on the page.
#[test]
fn the_page_leaves_nothing_out() {
    let page = include_str!("../errors.md");
    let mut count = 0;
    for folder in ["src", "slack-proto/src", "transport/src", "store/src"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for line in text.lines().filter_map(|line| line.trim().strip_prefix("pub enum ")) {
                let name = line.split([' ', '<', '{']).next().unwrap();
                let of_errors = name.ends_with("Error") || name.ends_with("ErrorKind");
                if of_errors
                    && !NOT_LISTED.contains(&name)
                    && !text.contains("/// slack_proto::error_codes! {\n")
                {
                    assert!(page.contains(&format!(" {name} -->")), "{name} is not on the page");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 20, "only {count} enums were found");
}

/// What only wraps other errors of the page, or is never seen.
const NOT_LISTED: [&str; 5] =
    ["CallError", "ResponseError", "RotatedCallError", "VerifyIdTokenError", "NoError"];

/// Writes each table after a comment `codes: FILE ENUM` or `kinds: FILE ENUM` anew.
fn renewed(page: &str) -> String {
    let mut lines = page.lines().peekable();
    let mut new = String::new();
    while let Some(line) = lines.next() {
        new += line;
        new.push('\n');
        let Some(words) = line.strip_prefix("<!-- ").and_then(|it| it.strip_suffix(" -->")) else {
            continue;
        };
        let words: Vec<_> = words.split(' ').collect();
        let [form, file, name] = words[..] else { panic!("not a table: {line}") };
        let mut old = BTreeMap::new();
        while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            old.insert(cells[0].to_owned(), cells[cells.len() - 1].to_owned());
        }
        let text = fs::read_to_string(root().join(file)).unwrap();
        let items = syn::parse_file(&text).unwrap().items;
        new += &match form {
            "codes:" => codes(&items, name),
            "kinds:" => kinds(&items, name, &old),
            other => panic!("not a form: {other}"),
        };
    }
    new
}

fn codes(items: &[Item], name: &str) -> String {
    let tables = items.iter().filter_map(|item| match item {
        Item::Macro(item) if item.mac.path.segments.last()?.ident == "error_codes" => {
            syn::parse2::<Table>(item.mac.tokens.clone()).ok()
        }
        _ => None,
    });
    let table = tables.into_iter().find(|table| table.name == name);
    let mut text = String::from("| code | meaning | what to do |\n|---|---|---|\n");
    for (code, meaning) in table.unwrap_or_else(|| panic!("no table {name}")).rows {
        let _ = writeln!(text, "| `{code}` | {} | {} |", plain(&meaning), recovery(name, &code));
    }
    text
}

fn kinds(items: &[Item], name: &str, old: &BTreeMap<String, String>) -> String {
    let found = items.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    let mut text = String::from("| kind | meaning | what to do |\n|---|---|---|\n");
    for variant in &found.unwrap_or_else(|| panic!("no enum {name}")).variants {
        let key = format!("`{}`", variant.ident);
        let remedy = old.get(&key).map_or("TODO", String::as_str);
        let _ = writeln!(text, "| {key} | {} | {remedy} |", plain(&docs(&variant.attrs)));
    }
    text
}

/// Asks the library what to do after a code.
fn recovery(table: &str, code: &str) -> String {
    fn of<M: ApiMethod>(code: &str) -> Recovery {
        let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
        match M::parse_response(&http::Response::new(body)) {
            Ok(_) => panic!("{code} is read as a success"),
            Err(error) => error.recovery(),
        }
    }
    let recovery = match table {
        "CommonError" => {
            let (call, refresh) = (of::<AuthTest>(code), of::<OauthV2Refresh>(code));
            if call != refresh {
                return format!("{call}; after a refresh: {refresh}");
            }
            call
        }
        "AppsAuthExternalDeleteError" => of::<AppsAuthExternalDelete>(code),
        "AppsAuthExternalGetError" => of::<AppsAuthExternalGet>(code),
        "AppsUninstallError" => of::<AppsUninstall>(code),
        "AuthRevokeError" => of::<AuthRevoke>(code),
        "AuthTeamsListError" => of::<AuthTeamsList>(code),
        "OauthV2AccessError" => of::<OauthV2Access>(code),
        "OauthV2ExchangeError" => of::<OauthV2Exchange>(code),
        "OauthV2UserAccessError" => of::<OauthV2UserAccess>(code),
        "OpenidConnectTokenError" => of::<OpenidConnectToken>(code),
        "ToolingTokensRotateError" => of::<ToolingTokensRotate>(code),
        "AuthorizeError" => {
            let callback = Callback::parse(&format!("error={code}")).unwrap();
            callback.error_response().unwrap().recovery()
        }
        other => panic!("nobody is asked about {other}"),
    };
    recovery.to_string()
}

/// A table of codes, as `error_codes!` reads it.
struct Table {
    name: Ident,
    /// Code and meaning.
    rows: Vec<(String, String)>,
}

impl Parse for Table {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse()?;
        let body;
        braced!(body in input);
        let mut rows = Vec::new();
        while !body.is_empty() {
            let meaning = docs(&Attribute::parse_outer(&body)?);
            body.parse::<Ident>()?;
            body.parse::<Token![=]>()?;
            rows.push((body.parse::<LitStr>()?.value(), meaning));
            body.parse::<Token![,]>()?;
            body.parse::<Ident>()?;
            body.parse::<Token![;]>()?;
        }
        Ok(Self { name, rows })
    }
}

/// Returns the first paragraph of the docs.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the text without links, which lead nowhere outside of the code's documentation.
fn plain(docs: &str) -> String {
    let mut text = String::new();
    let mut rest = docs;
    while let Some((before, after)) = rest.split_once('[') {
        text += before;
        let (inside, after) = after.split_once(']').unwrap();
        text += inside;
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').unwrap().1,
            None => after,
        };
    }
    (text + rest).replace('|', "\\|")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
