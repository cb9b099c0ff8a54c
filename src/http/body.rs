//! Reading bodies: counted while they arrive, against a size and a clock. Nothing here trusts `Content-Length`, and a
//! body that announces too much is refused before its first byte is read.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};

use super::config::Limits;
use super::problem::{Code, Problem, ProblemField};

/// Media types of NDJSON.
pub(crate) const NDJSON: &[&str] = &["application/x-ndjson", "application/jsonl", "application/ndjson"];
/// Media types of JSON.
pub(crate) const JSON: &[&str] = &["application/json"];

/// Marks a request whose body was read to its end, so that another one can follow on its connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadWhole;

/// Says that the body of a request was read to its end.
pub(crate) fn was_read_whole(request: &HttpRequest) {
    request.extensions_mut().insert(ReadWhole);
}

/// A body on its way in.
pub(crate) struct Incoming {
    request: HttpRequest,
    payload: web::Payload,
    limit: u64,
    seen: u64,
    end: Instant,
    idle: Duration,
}

impl Incoming {
    /// Checks the head of a request: type, encoding, announced size.
    pub(crate) fn open(
        request: &HttpRequest,
        payload: web::Payload,
        types: &[&str],
        limits: &Limits,
        limit: u64,
    ) -> Result<Self, Problem> {
        check_type(request, types)?;
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|bytes: u64| bytes > limit) {
            return Err(Problem::too_large(limit));
        }
        let end = Instant::now() + Duration::from_secs(limits.body_timeout_s);
        let idle = Duration::from_secs(limits.body_idle_s);
        Ok(Self { request: request.clone(), payload, limit, seen: 0, end, idle })
    }

    /// The same body, which has to be there in so many seconds.
    pub(crate) fn within(mut self, seconds: u64) -> Self {
        self.end = self.end.min(Instant::now() + Duration::from_secs(seconds));
        self
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let end = self.end.min(Instant::now() + self.idle);
        let slow = |_| Problem::new(Code::BodySlow, "the body did not arrive in time; nothing was stored");
        let Some(piece) = timeout_at(end, self.payload.next()).await.map_err(slow)? else {
            was_read_whole(&self.request);
            return Ok(None);
        };
        let piece = piece.map_err(|error| broken(&error, self.limit))?;
        self.seen += piece.len() as u64;
        if self.seen > self.limit { Err(Problem::too_large(self.limit)) } else { Ok(Some(piece)) }
    }

    /// At least `size` bytes, or what is left; `None` at the end.
    pub(crate) async fn piece(&mut self, size: usize) -> Result<Option<Bytes>, Problem> {
        let mut piece = BytesMut::new();
        while piece.len() < size {
            let Some(chunk) = self.chunk().await? else { break };
            piece.extend_from_slice(&chunk);
        }
        Ok((!piece.is_empty()).then(|| piece.freeze()))
    }

    /// The whole of a small body.
    pub(crate) async fn whole(mut self) -> Result<Bytes, Problem> {
        let body = self.piece(usize::MAX).await?;
        body.ok_or_else(|| Problem::new(Code::BodyEmpty, "the request needs a body"))
    }

    /// The whole of a small body, as JSON of a known shape.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        parse(&self.whole().await?)
    }

    /// Bytes read so far.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }
}

fn check_type(request: &HttpRequest, types: &[&str]) -> Result<(), Problem> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Code::MediaType, "send the body without a content encoding"));
    }
    if types.iter().any(|known| known.eq_ignore_ascii_case(request.content_type())) {
        return Ok(());
    }
    Err(Problem::new(Code::MediaType, format!("send Content-Type: {}", types.join(" or "))))
}

fn broken(error: &PayloadError, limit: u64) -> Problem {
    if matches!(error, PayloadError::Overflow) {
        return Problem::too_large(limit);
    }
    Problem::new(Code::BodyIncomplete, "the connection ended inside the body; nothing was stored")
}

/// Reads JSON of a known shape; what is wrong is told by place and expectation, never by value.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => {
            let message = expectation(&error.to_string());
            let field = ProblemField {
                pointer: String::new(),
                code: "SHAPE".to_owned(),
                pesan: format!("Bentuk isi tidak sesuai (baris {}, kolom {})", error.line(), error.column()),
                message: message.clone(),
            };
            let detail = format!("{message} at line {} column {}", error.line(), error.column());
            Problem::with_fields(Code::FieldInvalid, detail, vec![field])
        }
        Category::Io | Category::Syntax | Category::Eof => Problem::new(
            Code::BodyNotJson,
            format!("the JSON breaks off or goes wrong at line {} column {}", error.line(), error.column()),
        ),
    })
}

/// The part of a serde message that names our own words, not the sender's values.
fn expectation(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    if message.starts_with("missing field `") {
        return message.to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((start, expected)) if start.starts_with("unknown field") => format!("unknown field, expected {expected}"),
        Some((_, expected)) if expected.starts_with("struct ") => "expected a JSON object".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None => "a value does not have the form that /docs/ describes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Small {
        nik: String,
        lengkap: bool,
    }

    #[test]
    fn shapes_are_told_without_values() {
        for (body, code, words) in [
            (r#"{"nik": 3201014107709001, "lengkap": true}"#, Code::FieldInvalid, "expected a string"),
            (r#"{"nik": "3201014107709001"}"#, Code::FieldInvalid, "missing field `lengkap`"),
            (r#"{"3201014107709001": 1}"#, Code::FieldInvalid, "unknown field, expected `nik` or `lengkap`"),
            (
                r#"{"nik": "a, expected 3201014107709001", "lengkap": "b, expected 3201014107709001"}"#,
                Code::FieldInvalid,
                "expected a boolean",
            ),
            (r#"{"nik": "3201014107709001"#, Code::BodyNotJson, "line 1"),
            ("3201014107709001", Code::FieldInvalid, "expected a JSON object"),
            ("", Code::BodyNotJson, "line 1"),
        ] {
            let problem = parse::<Small>(body.as_bytes()).expect_err(body);
            assert_eq!(problem.code(), code, "{body}");
            let answer = actix_web::body::to_bytes(problem.document("").into_body());
            let text = futures_util::future::FutureExt::now_or_never(answer).expect("ready").expect("a body");
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(text.contains(words), "{text}");
            assert!(!text.contains("3201014107709001"), "{text}");
        }
    }
}
