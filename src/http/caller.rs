//! The only file that knows how a caller is recognised. A bearer token today, a signed-in steward on the pages; a client
//! certificate is to be a second way in [`caller_of`] (the door knows the TLS stream, and its [`Connection`] is in the data
//! of every request).

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use super::access;
use super::door::Connection;
use super::problem::{Code, Problem};
use super::steward::session::{Session, Sessions};
use crate::auth::{Caller, Clients, Right};
use crate::domain::feed::Feed;
use crate::service::error::ServiceError;
use crate::service::gateway::IdempotencyKey;

/// Who sends an API request. Cookies do not count here: another site must not be able to use a steward's browser.
pub(crate) fn caller_of(request: &HttpRequest) -> Result<Caller, Problem> {
    let unknown = |detail| Problem::new(Code::Unauthenticated, detail);
    let header =
        request.headers().get(header::AUTHORIZATION).ok_or_else(|| unknown("send Authorization: Bearer TOKEN"))?;
    let token = header.to_str().ok().and_then(bearer).ok_or_else(|| unknown("send Authorization: Bearer TOKEN"))?;
    let clients = request.app_data::<web::Data<Clients>>();
    let caller = clients.and_then(|known| known.now().by_token(token));
    let caller = caller.ok_or_else(|| unknown("the token is not known"))?;
    access::note_caller(request, &caller);
    is_known(request);
    Ok(caller)
}

/// From now on the connection is no stranger's.
fn is_known(request: &HttpRequest) {
    if let Some(connection) = request.conn_data::<Arc<Connection>>() {
        connection.show_right();
    }
}

/// Who looks at a page: the session that the browser's cookie names, as long as its client is there. What the client may do
/// is asked anew each time: a reload may have changed it.
pub(crate) fn steward_of(request: &HttpRequest) -> Option<Session> {
    let cookie = request.cookie(super::steward::session::COOKIE)?;
    let sessions = request.app_data::<web::Data<Sessions>>()?;
    let session = sessions.find(cookie.value())?;
    let clients = request.app_data::<web::Data<Clients>>()?;
    let Some(caller) = clients.now().still(&session.caller) else {
        drop(sessions.close(cookie.value()));
        return None;
    };
    access::note_caller(request, &caller);
    is_known(request);
    Some(Session { caller, ..session })
}

/// Refuses a caller without a right, before any work is done.
pub(crate) fn need(caller: &Caller, right: Right) -> Result<(), Problem> {
    if caller.has(right) {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "ask the operator of the gateway for the right to do this"))
}

/// Refuses a caller whose agency does not send a feed, before any work is done.
pub(crate) fn need_feed(caller: &Caller, feed: Feed) -> Result<(), Problem> {
    caller.may_push(feed).map(|_| ()).ok_or_else(|| ServiceError::WrongFeed { feed }.into())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// The caller of a request that reads.
pub(crate) struct Reader(pub(crate) Caller);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller_of(request).map(Self))
    }
}

/// The caller of a request that writes, with the key that makes it safe to repeat.
pub(crate) struct Writer {
    /// Who.
    pub(crate) caller: Caller,
    /// Under which key.
    pub(crate) key: IdempotencyKey,
}

impl FromRequest for Writer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller_of(request).and_then(|caller| Ok(Self { caller, key: key_of(request)? })))
    }
}

fn key_of(request: &HttpRequest) -> Result<IdempotencyKey, Problem> {
    let hint = "send Idempotency-Key: a value of 1 to 128 visible characters, new for each new body";
    let header = request.headers().get("idempotency-key").ok_or_else(|| Problem::new(Code::KeyMissing, hint))?;
    let key = header.to_str().ok().and_then(IdempotencyKey::new);
    key.ok_or_else(|| Problem::new(Code::KeyInvalid, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_a_token() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("abc", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }
}
