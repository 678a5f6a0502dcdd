//! The pages. `maud` escapes all that comes from outside.

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use slack_auth::methods::UntrustedText;

use crate::{
    install::Installed,
    problem::{Flow, Problem, Remedy},
    sign_in::{Person, Workspace},
};

/// The address of the style sheet, which is all that a page loads.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The start page, for somebody who is signed in or not.
pub(crate) fn home(person: Option<&Person>, workspace: Workspace) -> Response {
    let body = html! {
        p { "This server adds its app to workspaces, signs people in with Slack, and keeps the tokens alive." }
        @if let Some(person) = person {
            p #person { "You are signed in as " strong { (shown(&person.name)) } ", " (shown(&person.team)) "." }
            p #workspace {
                @match workspace {
                    Workspace::HasTheApp => "The app is installed in your workspace.",
                    Workspace::HasNotTheApp => "The app is not installed in your workspace yet.",
                    Workspace::Unknown => "We cannot tell just now whether the app is installed in your workspace.",
                }
            }
            form method="post" action="/sign-out" { button #sign-out type="submit" { "Sign out" } }
        } @else {
            p { a #sign-in .button href=(Flow::SignIn.start()) { "Sign in with Slack" } }
        }
        p { a #add-to-slack .button .main href=(Flow::Install.start()) { "Add to Slack" } }
    };
    page(StatusCode::OK, "Welcome", &body)
}

/// The page after an install.
pub(crate) fn installed(installed: &Installed) -> Response {
    let body = html! {
        p #installed { "The app is now installed in " strong { (shown(&installed.place)) } "." }
        @if !installed.missing_scopes.is_empty() {
            p #not-granted {
                "You did not allow " (installed.missing_scopes) ". What needs it will not work; you may add the app again."
            }
        }
        p { "You may close this page, or load it again: nothing more happens." }
        p { a #home href="/" { "Go on" } }
    };
    page(StatusCode::OK, "Added to Slack", &body)
}

/// The page of an error.
pub(crate) fn problem(problem: Problem, flow: Flow) -> Response {
    let body = html! {
        p #problem { (problem.advice()) }
        p {
            @match problem.remedy() {
                Remedy::StartAgain => a #again .button .main href=(flow.start()) { "Start again" },
                // An empty address is that of this page, with its query.
                Remedy::Reload => a #again .button href="" { "Load this page again" },
                Remedy::Home => a #home .button href="/" { "Start page" },
            }
        }
    };
    let mut response = page(problem.status(), problem.title(flow), &body);
    if problem == Problem::SlackIsDown {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    (status, Html(page.into_string())).into_response()
}

/// A name as the person gave it: whole, unlike in a log.
fn shown(name: &UntrustedText) -> &str {
    name.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_are_escaped() {
        let nasty = Installed {
            place: "<script>alert(1)</script>&\"'".into(),
            missing_scopes: slack_auth::oauth::Scopes::from("chat:write"),
        };
        let body = axum::body::to_bytes(installed(&nasty).into_body(), 1 << 16).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(
            text.contains("<strong>&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;'</strong>"),
            "{text}"
        );
        assert!(text.contains("You did not allow chat:write."), "{text}");
    }
}
