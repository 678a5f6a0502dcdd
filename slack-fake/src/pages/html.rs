//! The HTML pages that a person sees.

use std::fmt::Write as _;

use http::{Response, StatusCode};

use crate::wire::reply;

/// What the consent page asks.
pub(crate) struct ConsentPage<'a> {
    pub(crate) app_name: &'a str,
    /// The path that the form is sent back to.
    pub(crate) path: &'a str,
    /// The parameters of the authorize request, sent back unchanged.
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
    pub(crate) bot_scopes: &'a [String],
    pub(crate) user_scopes: &'a [String],
    /// Those of the scopes that may be declined.
    pub(crate) optional_scopes: Vec<&'a str>,
    /// Id, name, and whether it is the one chosen.
    pub(crate) places: Vec<(&'a str, &'a str, bool)>,
    pub(crate) people: Vec<(&'a str, &'a str, bool)>,
}

impl ConsentPage<'_> {
    /// Writes the page: a form `consent` with the buttons `allow` and `cancel`, and what can be
    /// chosen.
    pub(crate) fn render(&self) -> Response<Vec<u8>> {
        let app = escape(self.app_name);
        let mut body = format!(
            "<h1>{app} is requesting permission to access a Slack workspace</h1>\n\
             <form id=\"consent\" method=\"post\" action=\"{}\">\n",
            escape(self.path)
        );
        for (name, value) in &self.parameters {
            let _ = writeln!(
                body,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            );
        }
        scopes(&mut body, "bot-scopes", "What the app may do as its bot", self.bot_scopes);
        scopes(&mut body, "user-scopes", "What the app may do in your name", self.user_scopes);
        for scope in &self.optional_scopes {
            let scope = escape(scope);
            let _ = writeln!(
                body,
                "<p><label><input type=\"checkbox\" id=\"decline-{scope}\" name=\"fake_decline\" value=\"{scope}\"> \
                 Do not allow {scope}</label></p>"
            );
        }
        choice(&mut body, "fake_team", "Install to", &self.places);
        choice(&mut body, "fake_user", "Signed in as", &self.people);
        body.push_str(
            "<p><button type=\"submit\" id=\"allow\" name=\"fake_decision\" value=\"allow\">Allow</button>\n\
             <button type=\"submit\" id=\"cancel\" name=\"fake_decision\" value=\"deny\">Cancel</button></p>\n</form>",
        );
        reply::html(StatusCode::OK, layout(&format!("Authorize {app}"), &body))
    }
}

/// Writes the page that Slack shows instead of going back to the app.
pub(crate) fn error(code: &str, what: &str) -> Response<Vec<u8>> {
    let body = format!(
        "<h1>Something went wrong when authorizing this app.</h1>\n<p id=\"what\">{}</p>\n\
         <p>Error code: <code id=\"error\">{}</code></p>",
        escape(what),
        escape(code)
    );
    reply::html(StatusCode::BAD_REQUEST, layout("Authorization error", &body))
}

/// Writes the page for an address where there is nothing.
pub(crate) fn not_found() -> Response<Vec<u8>> {
    let body = "<h1>There has been a glitch</h1>\n<p>Nothing is served at this address.</p>";
    reply::html(StatusCode::NOT_FOUND, layout("404 Not Found", body))
}

/// Writes the page for a verb other than GET and POST.
pub(crate) fn wrong_verb() -> Response<Vec<u8>> {
    let body = "<h1>Method Not Allowed</h1>\n<p>Only GET and POST are answered.</p>";
    reply::html(StatusCode::METHOD_NOT_ALLOWED, layout("405 Method Not Allowed", body))
}

/// Writes the page of a server in trouble.
pub(crate) fn server_error(status: StatusCode) -> Response<Vec<u8>> {
    let body =
        "<h1>Server Error</h1>\n<p>It seems something has gone wrong. Please try again soon.</p>";
    reply::html(status, layout("Server Error", body))
}

/// Writes what a captive portal puts in place of an answer.
pub(crate) fn portal() -> Response<Vec<u8>> {
    reply::html(StatusCode::OK, layout("Network login", "<p>Sign in to the network</p>"))
}

fn layout(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title} | Slack</title></head>\n\
         <body>\n{body}\n</body>\n</html>\n"
    )
}

fn scopes(body: &mut String, id: &str, title: &str, scopes: &[String]) {
    if scopes.is_empty() {
        return;
    }
    let _ = writeln!(body, "<h2>{title}</h2>\n<ul id=\"{id}\">");
    for scope in scopes {
        let _ = writeln!(body, "<li>{}</li>", escape(scope));
    }
    body.push_str("</ul>\n");
}

fn choice(body: &mut String, name: &str, label: &str, options: &[(&str, &str, bool)]) {
    let _ = writeln!(body, "<p><label>{label} <select id=\"{name}\" name=\"{name}\">");
    for (id, text, chosen) in options {
        let selected = if *chosen { " selected" } else { "" };
        let _ =
            writeln!(body, "<option value=\"{}\"{selected}>{}</option>", escape(id), escape(text));
    }
    body.push_str("</select></label></p>\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
