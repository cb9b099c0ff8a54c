//! Signing in with an access code (a bearer token), and out again. The code is never kept and never stands in a URL.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::attempts::{Attempts, Wrong};
use super::forms;
use super::layout::{Layout, Steward, home, render};
use super::see_other;
use super::session::{COOKIE, Sessions};
use super::texts::Texts;
use crate::auth::Clients;
use crate::http::access;
use crate::http::address::client_address;
use crate::http::caller::steward_of;
use crate::http::config::Config;
use crate::http::frame::Rendered;
use crate::http::problem::{Code, Problem};
use crate::telemetry::metric;

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    page: Layout,
    t: &'static Texts,
    back: String,
    message: Option<&'static str>,
}

impl SignInPage {
    /// The page, with what went wrong.
    pub(super) fn new(page: Layout, back: String, message: Option<&'static str>) -> Self {
        Self { t: page.lang.texts(), page, back, message }
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    kode: String,
    #[serde(default)]
    kembali: String,
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    kembali: String,
}

/// The page that asks for the code.
pub(super) async fn form(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let back = web::Query::<Back>::from_query(request.query_string()).map(|query| local(&query.kembali));
    let back = back.unwrap_or_default();
    if let Some(session) = steward_of(&request) {
        return Ok(see_other(if back.is_empty() { home(&session.caller) } else { &back }));
    }
    render(&SignInPage::new(Layout::of(&request, None), back, None))
}

/// Checks the code. A right one is let in, whatever came from its address before.
pub(super) async fn sign_in(
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    clients: web::Data<Clients>,
    (sessions, attempts): (web::Data<Sessions>, web::Data<Attempts>),
) -> Result<HttpResponse, Problem> {
    let form: SignInForm = forms::read_from_stranger(&request, payload, &config).await?;
    let from = client_address(&request);
    let Some(wait) = attempts.turn(from) else {
        access::sign_in_failed(&request, "too_many");
        return again(&request, &form, Code::TooManyAttempts);
    };
    tokio::time::sleep(wait).await;
    let Some(caller) = clients.now().by_token(form.kode.trim()) else {
        metrics::counter!(metric::SIGN_IN_FAILURES).increment(1);
        access::sign_in_failed(&request, "unknown_code");
        return match attempts.failed(from) {
            Wrong::Wait => again(&request, &form, Code::TooManyAttempts),
            Wrong::Unknown(delay) => {
                tokio::time::sleep(delay).await;
                again(&request, &form, Code::Unauthenticated)
            }
        };
    };
    access::signed_in(&request, &caller).await?;
    let back = local(&form.kembali);
    let to = if back.is_empty() { home(&caller).to_owned() } else { back };
    let cookie = sessions.open(caller).map_err(|error| Problem::internal(&error))?;
    let mut answer = see_other(&to);
    answer.add_cookie(&cookie).map_err(|_| Problem::new(Code::Internal, "no session could be opened"))?;
    Ok(answer)
}

/// Ends the session.
pub(super) async fn sign_out(
    steward: Steward,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    sessions: web::Data<Sessions>,
) -> Result<HttpResponse, Problem> {
    let form: Token = forms::read(&request, payload, &config).await?;
    forms::check_token(&steward.session, &form.token)?;
    access::signed_out(&request, &steward.session.caller).await;
    let id = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let mut answer = see_other("/masuk");
    answer
        .add_cookie(&sessions.close(&id))
        .map_err(|_| Problem::new(Code::Internal, "the session could not be closed"))?;
    Ok(answer)
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// The form once more, saying what was wrong.
fn again(request: &HttpRequest, form: &SignInForm, code: Code) -> Result<HttpResponse, Problem> {
    let page = Layout::of(request, None);
    let t = page.lang.texts();
    let message = if code == Code::TooManyAttempts { t.code_wait } else { t.code_wrong };
    let html = SignInPage::new(page, local(&form.kembali), Some(message)).render();
    let html = html.map_err(|error| Problem::internal(&error))?;
    let mut answer = Problem::new(code, "").head().content_type("text/html; charset=utf-8").body(html);
    answer.extensions_mut().insert(Rendered);
    Ok(answer)
}

/// A path of this site, or nothing: nobody is sent elsewhere after signing in.
fn local(path: &str) -> String {
    let ours = path.starts_with('/') && path.as_bytes().get(1) != Some(&b'/') && !path.contains('\\');
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if ours && plain && !path.starts_with("/masuk") { path.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        for (path, to) in [
            ("/konflik/C1-2", "/konflik/C1-2"),
            ("//evil.test", ""),
            ("https://evil.test", ""),
            ("/\\evil.test", ""),
            ("/a\r\nSet-Cookie: x", ""),
            ("/masuk", ""),
            ("", ""),
        ] {
            assert_eq!(local(path), to, "{path:?}");
        }
    }
}
