//! Speaks to a gateway: TLS against one authority, a bearer token, patience.

use std::time::Duration;

use ureq::Agent;
use ureq::http::{Method, Request, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::cli::printable::printable;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A gateway that has more to do says so with 503; one that says nothing for this long is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
/// A receipt of a whole chunk fits well into this.
const ANSWER_LIMIT: u64 = 64 << 20;
/// Nobody is made to wait longer than this by a `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// The media type of one JSON document.
pub(super) const JSON: &str = "application/json";
/// The media type of one JSON document a line.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `POST`, `PUT`, `GET`.
    pub method: &'a Method,
    /// Path under the gateway's address.
    pub path: &'a str,
    /// Idempotency key; every write has one.
    pub key: Option<&'a str>,
    /// Media type of the body.
    pub content_type: &'a str,
    /// Media type of the answer.
    pub accept: &'a str,
    /// The body; none with `GET`.
    pub body: &'a [u8],
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// The gateway asks for this pause.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// No answer came back.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection could not be made or broke: worth another try with the same key.
    #[error("there is no connection to the gateway")]
    Connection(#[source] ureq::Error),
    /// Another try would end in the same way: certificate, protocol, address.
    #[error("the gateway cannot be spoken to")]
    Fixed(#[source] ureq::Error),
}

/// The gateway's address, token or authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an address of a gateway.
    #[error("the address is not of the form https://HOST:PORT")]
    Address,
    /// Without TLS a token and personal data would be readable on the way.
    #[error("a gateway is spoken to over https only")]
    NotTls,
    /// No authority to trust.
    #[error("there is no certificate authority to check the gateway's certificate with")]
    NoCa,
    /// The file holds no certificate.
    #[error("the authority file holds no PEM certificate")]
    BadCa,
    /// Not a token.
    #[error("the token is empty or holds characters that no token has")]
    BadToken,
}

impl ClientError {
    /// What the caller can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address => "for example --to https://padan.example.go.id:8443, without a path",
            Self::NotTls => "write https://; only http://127.0.0.1 is allowed without, for tests",
            Self::NoCa => {
                "give the authority's certificate with --ca ca.pem (`padan keys dev` makes one for development)"
            }
            Self::BadCa => "a PEM file starts with -----BEGIN CERTIFICATE-----",
            Self::BadToken => "`padan keys token` makes one; put it alone into the file of --token-file",
        }
    }
}

/// Whoever can carry a request to a gateway.
pub trait Transport {
    /// Sends once and waits for the answer.
    fn send(&self, call: &Call<'_>) -> Result<Answer, SendError>;
}

/// A gateway over the network.
pub struct Client {
    agent: Agent,
    base: String,
    authorization: String,
}

impl Client {
    /// A client for one gateway. `ca` is the PEM text of the authorities to trust; nothing else is trusted.
    pub fn new(address: &str, token: &str, ca: Option<&[u8]>) -> Result<Self, ClientError> {
        let base = address.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| ClientError::Address)?;
        let authority = uri.authority().ok_or(ClientError::Address)?.as_str();
        if !uri.path().trim_matches('/').is_empty() || uri.query().is_some() || authority.contains('@') {
            return Err(ClientError::Address);
        }
        let is_test = uri.scheme_str() == Some("http") && uri.host() == Some("127.0.0.1");
        if uri.scheme_str() != Some("https") && !is_test {
            return Err(ClientError::NotTls);
        }
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::BadToken);
        }
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!is_test)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("padan/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_send_body(Some(ANSWER_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_recv_body(Some(ANSWER_TIMEOUT));
        let builder = if is_test { builder.proxy(None) } else { builder.tls_config(trust(ca)?) };
        Ok(Self { agent: builder.build().new_agent(), base: base.to_owned(), authorization: format!("Bearer {token}") })
    }
}

fn trust(ca: Option<&[u8]>) -> Result<TlsConfig, ClientError> {
    let mut trusted: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(ca.ok_or(ClientError::NoCa)?) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| ClientError::BadCa)? {
            trusted.push(certificate);
        }
    }
    if trusted.is_empty() {
        return Err(ClientError::BadCa);
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted));
    Ok(builder.unversioned_rustls_crypto_provider(provider).build())
}

impl Transport for Client {
    fn send(&self, call: &Call<'_>) -> Result<Answer, SendError> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.base, call.path))
            .header("authorization", &self.authorization)
            .header("accept", call.accept);
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        let answer = if call.method == Method::GET {
            request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        } else {
            let request = request.header("content-type", call.content_type).body(call.body);
            request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        };
        let mut answer = answer.map_err(sort)?;
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().map_err(sort)?;
        Ok(Answer { status, retry_after: retry_after.map(|pause| pause.min(LONGEST_RETRY_AFTER)), body })
    }
}

/// Tells what may pass by itself from what will not.
fn sort(error: ureq::Error) -> SendError {
    // rustls reports a bad certificate as invalid data.
    let is_broken = matches!(&error, ureq::Error::Io(io) if io.kind() != std::io::ErrorKind::InvalidData);
    if is_broken || matches!(error, ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed) {
        SendError::Connection(error)
    } else {
        SendError::Fixed(error)
    }
}

/// How often and how long to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries in all.
    pub tries: u32,
    /// Pause after the first failure; it doubles.
    pub first: Duration,
    /// The longest pause of our own.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 8, first: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl Patience {
    /// The pause after a number of failures: what the gateway asked for, or twice the last one.
    fn pause(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let own = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(self.longest);
        asked.unwrap_or(own)
    }
}

/// The gateway said no, or nothing at all for too long.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No answer.
    #[error("no answer came (tries: {tries})")]
    NoAnswer {
        /// How often it was tried.
        tries: u32,
        /// The last failure.
        source: SendError,
    },
    /// An answer that is not 2xx.
    #[error("the gateway answered {status}: {problem}")]
    Refused {
        /// Status code.
        status: u16,
        /// What its problem document says; it never holds a personal value.
        problem: String,
    },
}

impl CallError {
    /// What the caller can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoAnswer { source: SendError::Connection(_), .. } => Some(
                "check the address and that the gateway runs; run the same command again to go on where it stopped",
            ),
            Self::NoAnswer { .. } => Some("check the address, and that --ca is the authority of this gateway"),
            Self::Refused { status: 401, .. } => Some("check the token: --token-file FILE or the variable PADAN_TOKEN"),
            Self::Refused { status: 403, .. } => {
                Some("the token's client may not do this; a feed is pushed by its own agency")
            }
            Self::Refused { status: 404, .. } => Some("check that --to is the address of a Padan gateway"),
            Self::Refused { status: 413, .. } => Some("send smaller chunks with --chunk-rows"),
            Self::Refused { status: 409 | 429 | 500.., .. } => {
                Some("run the same command again later to go on where it stopped")
            }
            Self::Refused { .. } => None,
        }
    }
}

/// A transport with patience, and a way to wait.
pub struct Session<'a> {
    /// Carries single requests.
    pub transport: &'a dyn Transport,
    /// How often to try.
    pub patience: Patience,
    /// Waits.
    pub pause: &'a dyn Fn(Duration),
}

impl Session<'_> {
    /// Sends until there is an answer that stays, with the same key each time. `note` hears of every pause.
    pub fn call(&self, call: &Call<'_>, note: &mut dyn FnMut(&str)) -> Result<Answer, CallError> {
        let mut tries = 1;
        loop {
            let (why, asked) = match self.transport.send(call) {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) if passes(answer.status) && tries < self.patience.tries => {
                    (format!("the gateway answered {}", answer.status), answer.retry_after)
                }
                Ok(answer) => return Err(refusal(&answer)),
                Err(SendError::Connection(_)) if tries < self.patience.tries => ("no connection".to_owned(), None),
                Err(source) => return Err(CallError::NoAnswer { tries, source }),
            };
            let pause = self.patience.pause(tries, asked);
            note(&format!("{why}; trying again in {:.1} s", pause.as_secs_f64()));
            (self.pause)(pause);
            tries += 1;
        }
    }
}

/// Answers that mean *not now*. 409: an earlier try with this key is still being worked on.
fn passes(status: u16) -> bool {
    matches!(status, 409 | 429 | 502 | 503 | 504)
}

fn refusal(answer: &Answer) -> CallError {
    #[derive(Default, serde::Deserialize)]
    struct Problem {
        title: Option<String>,
        detail: Option<String>,
        #[serde(default)]
        errors: Vec<Wrong>,
    }
    #[derive(serde::Deserialize)]
    struct Wrong {
        #[serde(default)]
        pointer: String,
        #[serde(default)]
        message: String,
    }
    let Problem { title, detail, errors } = serde_json::from_slice(&answer.body).unwrap_or_default();
    let told = detail.clone().unwrap_or_default();
    let errors = errors.into_iter().filter(|wrong| !told.contains(&wrong.message));
    let errors = errors.map(|wrong| format!("{} {}", wrong.pointer, wrong.message).trim().to_owned());
    let said: Vec<String> = title.into_iter().chain(detail).chain(errors).collect();
    let problem = if said.is_empty() { "no explanation".to_owned() } else { said.join(": ") };
    CallError::Refused { status: answer.status, problem: printable(&problem).into_owned() }
}

#[cfg(test)]
mod tests;
