//! The only place that turns an error into a status: problem documents (RFC 9457), in two languages, without any
//! value about a person. `type` is a path of this gateway (`/masalah/CODE`) that explains the code.

mod code;

use std::error::Error;
use std::fmt;

use actix_web::error::BlockingError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use code::Code;

use crate::domain::batch::RowError;
use crate::domain::feed::UnknownFeed;
use crate::feed::BodyError;
use crate::service::error::ServiceError;

/// Seconds a client should wait before it tries again.
const RETRY_AFTER_S: u64 = 5;
/// The same after too many requests.
const A_MINUTE_S: u64 = 60;
/// Media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// One field that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemField {
    /// JSON pointer into the body, or the name of the query parameter.
    #[schema(example = "/nik")]
    pub(crate) pointer: String,
    /// Machine code.
    #[schema(example = "TYPE")]
    pub(crate) code: String,
    /// What is wrong, in Indonesian.
    pub(crate) pesan: String,
    /// What is wrong, in English.
    pub(crate) message: String,
}

impl From<&RowError> for ProblemField {
    fn from(error: &RowError) -> Self {
        let RowError { pointer, code, pesan, message } = error.clone();
        Self { pointer, code, pesan, message }
    }
}

/// A refusal on its way out.
#[derive(Clone)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    fields: Vec<ProblemField>,
    allow: Vec<Method>,
    /// Seconds until it is worth another try, where that is known.
    retry_after_s: Option<u64>,
    /// For the log only: never leaves the gateway.
    cause: Option<String>,
}

/// A problem document, as sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDocument<'a> {
    /// Path that explains the code.
    #[schema(example = "/masalah/BODY_TOO_LARGE")]
    r#type: String,
    /// What the code means, in English.
    title: &'a str,
    /// The same in Indonesian.
    judul: &'a str,
    /// HTTP status.
    #[schema(example = 413)]
    status: u16,
    /// What happened here and what to do about it.
    detail: &'a str,
    /// Stable machine code.
    #[schema(example = "BODY_TOO_LARGE")]
    code: &'a str,
    /// The id under which the log knows this request; also in `X-Request-Id`.
    request_id: &'a str,
    /// Fields that cannot be used.
    #[serde(skip_serializing_if = "<[ProblemField]>::is_empty")]
    errors: &'a [ProblemField],
}

impl Problem {
    /// A problem with a sentence about this case. The sentence must not quote the request.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new(), allow: Vec::new(), retry_after_s: None, cause: None }
    }

    /// A problem with single fields.
    pub(crate) fn with_fields(code: Code, detail: impl Into<String>, fields: Vec<ProblemField>) -> Self {
        Self { fields, ..Self::new(code, detail) }
    }

    /// One parameter or field that cannot be used.
    pub(crate) fn field(code: Code, pointer: &str, pesan: &str, message: &str) -> Self {
        let field = ProblemField {
            pointer: pointer.to_owned(),
            code: "INVALID".to_owned(),
            pesan: pesan.to_owned(),
            message: message.to_owned(),
        };
        Self::with_fields(code, format!("{pointer}: {message}"), vec![field])
    }

    /// A fault of ours. The cause is for the log.
    pub(crate) fn internal(cause: &dyn Error) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(inner) = next {
            text = format!("{text}: {inner}");
            next = inner.source();
        }
        Self { cause: Some(text), ..Self::new(Code::Internal, "nothing was stored; the log of the gateway says why") }
    }

    /// What the framework refused by a bare status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = Code::of_status(status);
        let known = [
            (Code::NotFound, "no resource has this path; /docs/ lists them"),
            (Code::MethodNotAllowed, "the header Allow lists the methods of this path"),
            (Code::BadRequest, "the request does not follow HTTP or the contract in /docs/"),
            (Code::HeadSlow, "send the whole head of a request at once"),
            (Code::HeadTooLarge, "send fewer and shorter headers"),
            (Code::Internal, "the log of the gateway says why"),
        ];
        let detail = known.iter().find(|(known, _)| *known == code).map_or(code.title(), |(_, detail)| *detail);
        Self::new(code, detail)
    }

    /// Names the methods a path knows.
    pub(crate) fn allowing(mut self, methods: Vec<Method>) -> Self {
        self.allow = methods;
        if self.allow.contains(&Method::GET) {
            self.allow.push(Method::HEAD);
        }
        self
    }

    /// The kind.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The fields that cannot be used.
    pub(crate) fn fields(&self) -> &[ProblemField] {
        &self.fields
    }

    /// The answer as a problem document.
    pub(crate) fn document(&self, request_id: &str) -> HttpResponse {
        self.head().insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).body(self.text(request_id))
    }

    /// The text of the problem document.
    pub(crate) fn text(&self, request_id: &str) -> String {
        let document = ProblemDocument {
            r#type: format!("/masalah/{}", self.code.as_str()),
            title: self.code.title(),
            judul: self.code.judul(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            errors: &self.fields,
        };
        serde_json::to_string(&document).unwrap_or_default()
    }

    /// Status and headers of the answer, for a body of another form.
    pub(crate) fn head(&self) -> HttpResponseBuilder {
        let mut answer = HttpResponse::build(self.code.status());
        let usual = match self.code.status() {
            StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER_S),
            StatusCode::TOO_MANY_REQUESTS => Some(A_MINUTE_S),
            _ => None,
        };
        if let Some(seconds) = self.retry_after_s.or(usual) {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.code == Code::Unauthenticated {
            answer.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"padan\"")));
        }
        if !self.allow.is_empty() {
            answer.insert_header(header::Allow(self.allow.clone()));
        }
        answer
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Forbidden => {
                Self::new(Code::Forbidden, "ask the operator of the gateway for the right to do this")
            }
            ServiceError::WrongFeed { feed } => {
                Self::new(Code::WrongFeed, format!("{feed} is sent by another kind of agency"))
            }
            ServiceError::NotFound { what } => {
                Self::new(Code::NotFound, format!("there is no such {what}, or it is not for this caller"))
            }
            ServiceError::Compacted { at } => Self::new(
                Code::Compacted,
                format!("the retention rule took it away at {at}; the batch itself with its counts is still there"),
            ),
            ServiceError::KeyReused => Self::new(Code::KeyReused, "use a new key for a new body"),
            ServiceError::InFlight => Self::new(Code::InFlight, "wait for the first request to be answered"),
            ServiceError::Changed { what } => Self::new(Code::Changed, format!("read the {what} again, then decide")),
            ServiceError::CaseRests => Self::new(
                Code::CaseRests,
                "a sender withdrew a row that the case is about; it is open again when the row is sent again and the question is still there",
            ),
            ServiceError::Invalid { pointer, problem } => {
                Self::field(Code::FieldInvalid, pointer, "Isian tidak dapat dipakai", problem)
            }
            ServiceError::Entry { at, field, pesan, problem } => {
                Self::field(Code::FieldInvalid, &format!("/{at}/{field}"), pesan, problem)
            }
            ServiceError::Busy => Self::new(Code::Busy, "nothing was stored; send the same request again later"),
            ServiceError::CallerBusy => Self::new(
                Code::CallerBusy,
                "nothing was stored; send the same request again when others of yours are answered, or your rows are matched",
            ),
            ServiceError::Quota { of, seconds } => {
                let detail =
                    format!("nothing was stored; what you have of {of} is used up, and there is more in {seconds} s");
                Self { retry_after_s: Some(*seconds), ..Self::new(Code::Quota, detail) }
            }
            ServiceError::Full => Self::new(
                Code::Full,
                "nothing was stored; it goes on when the operator has made room: send the same request again later",
            ),
            ServiceError::NotReady => {
                Self::new(Code::NotReady, "nothing was stored; send the same request again later")
            }
            ServiceError::Away(_) => {
                let cause = Self::internal(&error).cause;
                let detail = "the store is away and nothing was stored; send the same request again later";
                Self { cause, ..Self::new(Code::NotReady, detail) }
            }
            ServiceError::Store(_) | ServiceError::Corrupt { .. } | ServiceError::Incomplete => Self::internal(&error),
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Empty => Self::new(Code::BodyEmpty, "send at least one row; nothing was stored"),
            BodyError::TooManyBytes { limit } => Self::too_large(limit),
            BodyError::NearlyAllRefused { rows, refused, reasons } => {
                let detail = format!(
                    "{refused} of the first {rows} rows are refused, so the rest was not read and nothing was stored; errors lists the commonest reasons"
                );
                Self::with_fields(Code::NearlyAllRefused, detail, reasons.iter().map(of_many).collect())
            }
            BodyError::TooManyRows { limit } => {
                Self::new(Code::TooManyRows, format!("send at most {limit} rows at a time; nothing was stored"))
            }
        }
    }
}

/// A reason, and how many rows have it.
fn of_many((reason, rows): &(RowError, u64)) -> ProblemField {
    let field = ProblemField::from(reason);
    let (pesan, message) = (format!("{} ({rows} baris)", field.pesan), format!("{} ({rows} rows)", field.message));
    ProblemField { pesan, message, ..field }
}

impl From<UnknownFeed> for Problem {
    fn from(error: UnknownFeed) -> Self {
        Self::new(Code::FeedUnknown, error.to_string())
    }
}

impl From<BlockingError> for Problem {
    fn from(error: BlockingError) -> Self {
        Self::internal(&error)
    }
}

impl Problem {
    /// Over a limit of bytes.
    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(Code::BodyTooLarge, format!("send at most {limit} bytes at a time; nothing was stored"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.title())
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        self.cause.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// The frame around every request writes the final document, with the request's id.
    fn error_response(&self) -> HttpResponse {
        self.document("")
    }
}

#[cfg(test)]
mod tests;
