//! HTTP/2 by hand: what no client library would send.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::gateway::{Target, Tls};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const INITIAL_WINDOW: u16 = 4;

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The head of a request, without a table and without Huffman codes.
pub(crate) fn head(method: &str, path: &str, token: Option<&str>) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    let method = [&[0x02][..], &text(method)].concat();
    let mut block = [&method[..], &[0x87, 0x04], &text(path), &[0x01], &text("localhost")].concat();
    if let Some(token) = token {
        block.extend([0x0f, 0x08]);
        block.extend(text(&format!("Bearer {token}")));
    }
    block
}

/// A request without a body.
pub(crate) fn get(stream: u32, path: &str, token: Option<&str>) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head("GET", path, token))
}

/// The numbers of a client's streams.
pub(crate) fn streams(count: usize) -> impl Iterator<Item = u32> {
    (1..).step_by(2).take(count)
}

/// A connection on which the preface was sent, with a window for each stream.
pub(crate) async fn connect(target: &Target, window: u32) -> std::io::Result<Tls> {
    let mut tls = target.tls("h2").await?;
    let setting = [&INITIAL_WINDOW.to_be_bytes()[..], &window.to_be_bytes()].concat();
    let hello = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &setting)[..]].concat();
    tls.write_all(&hello).await?;
    Ok(tls)
}

/// What came on a connection.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Number and value of each setting.
    pub(crate) settings: Vec<(u16, u32)>,
    /// Answers that began.
    pub(crate) answers: usize,
    /// Streams that were reset.
    pub(crate) resets: usize,
    /// The reason with which the gateway took its leave.
    pub(crate) goaway: Option<u32>,
}

/// Reads until the end, answering settings and pings as an honest client does.
pub(crate) async fn listen(tls: Tls) -> Heard {
    let (mut reader, mut writer) = tokio::io::split(tls);
    let mut heard = Heard::default();
    let mut head = [0; 9];
    while reader.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if reader.read_exact(&mut payload).await.is_err() {
            break;
        }
        let answer = heard.note(head[3], head[4], &payload);
        if writer.write_all(&answer).await.is_err() {
            break;
        }
    }
    heard
}

impl Heard {
    /// Notes a frame; the answer is what an honest client answers.
    fn note(&mut self, kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        match (kind, flags) {
            (SETTINGS, 0) => {
                let settings = payload.chunks(6).map(|one| (number(&one[..2]) as u16, number(&one[2..])));
                self.settings.extend(settings);
                return frame(SETTINGS, ACK, 0, &[]);
            }
            (PING, 0) => return frame(PING, ACK, 0, payload),
            (HEADERS, _) => self.answers += 1,
            (RST_STREAM, _) => self.resets += 1,
            (GOAWAY, _) => self.goaway = Some(number(&payload[4..8])),
            _ => {}
        }
        Vec::new()
    }
}
