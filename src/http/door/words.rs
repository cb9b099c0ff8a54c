//! What the HTTP layer leaves unsaid. It has no setting for the number of HTTP/2 streams, so its first SETTINGS frame is
//! completed; and what it refuses before it is a request it refuses without a body, so a problem document is put there.

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use uuid::Uuid;

use crate::http::frame::STRICT_TRANSPORT;
use crate::http::problem::{self, Problem};

/// Length of the head of an HTTP/2 frame.
const FRAME_HEAD: usize = 9;
/// Type of a SETTINGS frame.
const SETTINGS: u8 = 4;
/// `SETTINGS_MAX_CONCURRENT_STREAMS`
const MAX_CONCURRENT_STREAMS: [u8; 2] = [0, 3];
/// Every answer of ours has this header, and no answer of the layer's own.
const OURS: &[u8] = b"\r\nx-request-id: ";

/// HTTP/2: nothing is wrong, and no new stream will be answered.
const GOAWAY: [u8; FRAME_HEAD + 8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// What is still to be said on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// Each refusal that has no body.
    Http1,
    /// So many streams.
    Streams(u32),
    /// A farewell.
    Farewell,
    /// Nothing any more.
    Nothing,
}

impl Words {
    /// Whether bytes that are written may be replaced.
    pub(super) fn may_replace(self) -> bool {
        matches!(self, Self::Http1 | Self::Streams(_))
    }

    /// Whether heads of requests come one behind the other.
    pub(super) fn is_http_1(self) -> bool {
        self == Self::Http1
    }

    /// What to write instead of the beginning of `buf`, and how much of it that replaces.
    pub(super) fn instead_of(&mut self, buf: &[u8]) -> Option<(Bytes, usize)> {
        match *self {
            Self::Http1 => Some((refusal(buf)?, buf.len())),
            Self::Streams(most) => {
                *self = Self::Farewell;
                Some((settings(buf, most)?, FRAME_HEAD))
            }
            Self::Farewell | Self::Nothing => None,
        }
    }

    /// What is said, once, before the stream ends.
    pub(super) fn farewell(&mut self) -> Option<&'static [u8]> {
        let farewell = (*self == Self::Farewell).then_some(&GOAWAY[..]);
        if farewell.is_some() {
            *self = Self::Nothing;
        }
        farewell
    }
}

/// The head of a SETTINGS frame that is one setting longer, and that setting.
fn settings(buf: &[u8], most: u32) -> Option<Bytes> {
    let head: [u8; FRAME_HEAD] = *buf.first_chunk()?;
    let [high, middle, low, kind, flags, ..] = head;
    if (kind, flags) != (SETTINGS, 0) {
        return None;
    }
    let length = u32::from_be_bytes([0, high, middle, low]) + 6;
    let [_, high, middle, low] = length.to_be_bytes();
    let rest = &head[3..];
    Some([&[high, middle, low][..], rest, &MAX_CONCURRENT_STREAMS, &most.to_be_bytes()].concat().into())
}

/// The whole answer to what was no request: `buf` is one of the layer's own refusals.
fn refusal(buf: &[u8]) -> Option<Bytes> {
    let status = buf.strip_prefix(b"HTTP/1.1 ")?.first_chunk::<3>()?;
    let status = StatusCode::from_bytes(status).ok().filter(StatusCode::is_client_error)?;
    if !buf.ends_with(b"\r\n\r\n") || buf.windows(OURS.len()).any(|part| part == OURS) {
        return None;
    }
    let id = Uuid::now_v7();
    let problem = Problem::of_status(status);
    let (code, body) = (problem.code().as_str(), problem.text(&id.to_string()));
    tracing::info!(request.id = %id, http.status = status.as_u16(), code, "refused before it was a request");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {}\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\
         strict-transport-security: {STRICT_TRANSPORT}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         connection: close\r\n\r\n{body}",
        problem::MEDIA_TYPE,
        body.len(),
    );
    Some(head.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_settings_say_how_many_streams_there_may_be() {
        let sent = [0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 4, 0, 16, 0, 0];
        let mut words = Words::Streams(100);
        let (instead, of) = words.instead_of(&sent).expect("completed");
        assert_eq!(of, FRAME_HEAD);
        assert_eq!(*instead, [0, 0, 12, SETTINGS, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]);
        assert_eq!(words.instead_of(&sent), None, "once only");
        assert_eq!((words.farewell().map(<[u8]>::len), words.farewell()), (Some(17), None));
        for other in [&sent[..8], &[0, 0, 0, SETTINGS, 1, 0, 0, 0, 0], &[0, 0, 0, 6, 0, 0, 0, 0, 0]] {
            assert_eq!(Words::Streams(100).instead_of(other), None);
        }
    }

    #[test]
    fn a_refusal_of_the_layer_becomes_a_document() {
        for (status, code) in [("400 Bad Request", "BAD_REQUEST"), ("408 Request Timeout", "HEAD_SLOW")] {
            let sent = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\ndate: x\r\n\r\n");
            let (instead, of) = Words::Http1.instead_of(sent.as_bytes()).expect(status);
            let text = String::from_utf8(instead.to_vec()).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a body");
            assert_eq!(of, sent.len());
            assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
            let document: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(document["code"], code);
            assert!(head.contains(document["request_id"].as_str().expect("an id")), "{head}");
        }
        for sent in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 4",
        ] {
            assert_eq!(Words::Http1.instead_of(sent.as_bytes()), None, "{sent}");
        }
    }
}
