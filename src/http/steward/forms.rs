//! Forms: read within limits, and only when they were filled in on a page of ours.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use super::session::Session;
use crate::http::body::Incoming;
use crate::http::config::Config;
use crate::http::problem::{Code, Problem};
use crate::http::tls::Served;

const FORM: &[&str] = &["application/x-www-form-urlencoded"];

/// Reads a form that was sent from this origin.
pub(super) async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    config: &Config,
) -> Result<T, Problem> {
    let body = open(request, payload, config, config.limits.max_form_bytes)?;
    parse(&body.whole().await?)
}

/// Reads a form that may be large.
pub(super) async fn read_large<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    config: &Config,
    limit: u64,
) -> Result<T, Problem> {
    parse(&open(request, payload, config, limit)?.whole().await?)
}

/// Reads the form of somebody who is not known yet: it is small, and sent at once.
pub(super) async fn read_from_stranger<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    config: &Config,
) -> Result<T, Problem> {
    let body = open(request, payload, config, config.limits.max_sign_in_bytes)?;
    parse(&body.within(config.limits.sign_in_timeout_s).whole().await?)
}

fn open(request: &HttpRequest, payload: web::Payload, config: &Config, limit: u64) -> Result<Incoming, Problem> {
    same_origin(request, config.public_url.as_deref())?;
    Incoming::open(request, payload, FORM, &config.limits, limit)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let unreadable = || Problem::new(Code::BadRequest, "the form cannot be read");
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    web::Query::from_query(text).map(web::Query::into_inner).map_err(|_| unreadable())
}

/// Refuses a form whose token is not that of the session.
pub(super) fn check_token(session: &Session, token: &str) -> Result<(), Problem> {
    let equal = session.form_token.as_bytes().ct_eq(token.as_bytes());
    if equal.into() { Ok(()) } else { Err(foreign()) }
}

/// Browsers name the origin of every form they send; without it, or with another one, nothing is done. A `Host` that the
/// certificate is not for is nobody's who asks for this gateway.
pub(super) fn same_origin(request: &HttpRequest, public_url: Option<&str>) -> Result<(), Problem> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let ours = public_url.map(str::to_owned).or_else(|| Some(format!("https://{}", own_host(request)?)));
    let origin = text(header::ORIGIN).ok_or_else(foreign)?;
    if ours.is_some_and(|ours| ours.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        Ok(())
    } else {
        Err(foreign())
    }
}

/// The host the browser asked for (the header in HTTP/1.1, the authority in HTTP/2), where the certificate is for it.
fn own_host(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.map(str::to_owned).or_else(|| request.uri().authority().map(ToString::to_string))?;
    let served = request.app_data::<web::Data<Served>>()?;
    served.validity().is_for(without_port(&host)).then_some(host)
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn foreign() -> Problem {
    Problem::new(Code::ForeignForm, "open the page again and send the form from there")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;
    use actix_web::test::TestRequest;

    #[test]
    fn only_forms_of_this_origin_count() {
        let ours = "padan.test:8443";
        for (host, origin, public_url, good) in [
            (ours, Some("https://padan.test:8443"), None, true),
            (ours, Some("https://PADAN.test:8443"), None, true),
            ("127.0.0.1", Some("https://127.0.0.1"), None, true),
            ("[::1]:8443", Some("https://[::1]:8443"), None, true),
            (ours, Some("http://padan.test:8443"), None, false),
            (ours, Some("https://evil.test"), None, false),
            ("evil.test", Some("https://evil.test"), None, false),
            ("evil.test:8443", Some("https://evil.test:8443"), None, false),
            (ours, Some("null"), None, false),
            (ours, None, None, false),
            ("evil.test", Some("https://padan.go.id"), Some("https://padan.go.id"), true),
            (ours, Some("https://padan.test:8443"), Some("https://padan.go.id"), false),
        ] {
            let request = TestRequest::post().app_data(web::Data::new(samples::served()));
            let mut request = request.insert_header((header::HOST, host));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            let answer = same_origin(&request.to_http_request(), public_url);
            assert_eq!(answer.is_ok(), good, "{host} {origin:?} {public_url:?}");
        }
    }

    #[test]
    fn only_the_token_of_the_session_counts() {
        let session = Session { caller: samples::caller(), form_token: "abc".to_owned() };
        assert!(check_token(&session, "abc").is_ok());
        for token in ["", "abd", "abcd", "ABC"] {
            assert!(check_token(&session, token).is_err(), "{token}");
        }
    }
}
