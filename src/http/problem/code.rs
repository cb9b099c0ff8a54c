//! The kinds of refusal: machine code, status, and what each means in two languages.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $status:ident, $en:literal, $id:literal;)+) => {
        /// Why a request was refused; stable, one line each: code, status, title in English and Indonesian.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// The machine code.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means, in English.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }

            /// What it means, in Indonesian.
            pub(crate) const fn judul(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }
        }
    };
}

codes! {
    /// Not JSON at all.
    BodyNotJson = "BODY_NOT_JSON", BAD_REQUEST, "The body is not JSON", "Isi permintaan bukan JSON";
    /// Nothing in the body.
    BodyEmpty = "BODY_EMPTY", BAD_REQUEST, "The body is empty", "Isi permintaan kosong";
    /// The connection ended inside the body.
    BodyIncomplete = "BODY_INCOMPLETE", BAD_REQUEST, "The body ended early", "Isi permintaan terputus";
    /// A parameter of the query cannot be used.
    QueryInvalid = "QUERY_INVALID", BAD_REQUEST, "A query parameter cannot be used", "Parameter pencarian tidak dapat dipakai";
    /// The request could not be understood for another reason.
    BadRequest = "BAD_REQUEST", BAD_REQUEST, "The request cannot be understood", "Permintaan tidak dapat dipahami";
    /// A write without a key.
    KeyMissing = "IDEMPOTENCY_KEY_MISSING", BAD_REQUEST, "The header Idempotency-Key is missing", "Header Idempotency-Key belum ada";
    /// A key that is no key.
    KeyInvalid = "IDEMPOTENCY_KEY_INVALID", BAD_REQUEST, "The header Idempotency-Key cannot be used", "Header Idempotency-Key tidak dapat dipakai";
    /// Nobody, or nobody we know.
    Unauthenticated = "UNAUTHENTICATED", UNAUTHORIZED, "A valid bearer token is needed", "Diperlukan kode akses yang sah";
    /// Known, but not allowed.
    Forbidden = "FORBIDDEN", FORBIDDEN, "The caller may not do this", "Pemanggil tidak berhak melakukan ini";
    /// Another agency's feed.
    WrongFeed = "WRONG_FEED", FORBIDDEN, "The caller's agency does not send this feed", "Instansi pemanggil tidak mengirim feed ini";
    /// A form that was not filled in on our page.
    ForeignForm = "FOREIGN_FORM", FORBIDDEN, "The form did not come from this site or is too old", "Formulir tidak berasal dari situs ini atau sudah kedaluwarsa";
    /// No such thing, or not for this caller.
    NotFound = "NOT_FOUND", NOT_FOUND, "There is no such thing", "Tidak ditemukan";
    /// No such feed.
    FeedUnknown = "FEED_UNKNOWN", NOT_FOUND, "There is no such feed", "Feed tidak dikenal";
    /// The path is known, the method is not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "This path does not know the method", "Metode tidak dikenal untuk alamat ini";
    /// The body came too slowly.
    BodySlow = "BODY_SLOW", REQUEST_TIMEOUT, "The body did not arrive in time", "Isi permintaan terlambat tiba";
    /// The head of a request came too slowly.
    HeadSlow = "HEAD_SLOW", REQUEST_TIMEOUT, "The head of the request did not arrive in time", "Kepala permintaan terlambat tiba";
    /// The same key is being worked on.
    InFlight = "IN_FLIGHT", CONFLICT, "A request with this idempotency key is in flight", "Permintaan dengan kunci ini sedang dikerjakan";
    /// Somebody was faster.
    Changed = "CHANGED", CONFLICT, "It changed in the meantime", "Data sudah berubah sementara itu";
    /// A case of which a row was withdrawn.
    CaseRests = "CASE_RESTS", CONFLICT, "The case rests: a row of it was withdrawn", "Kasus beristirahat: datanya ditarik pengirim";
    /// A list that nobody can read as it is.
    ListUnreadable = "LIST_UNREADABLE", UNPROCESSABLE_ENTITY, "The list cannot be read as it is", "Daftar tidak dapat dibaca";
    /// The retention rule took it away.
    Compacted = "COMPACTED", GONE, "It was taken away by the retention rule", "Sudah dihapus menurut aturan retensi";
    /// Too many bytes.
    BodyTooLarge = "BODY_TOO_LARGE", PAYLOAD_TOO_LARGE, "The body is too large", "Isi permintaan terlalu besar";
    /// Too many rows.
    TooManyRows = "TOO_MANY_ROWS", PAYLOAD_TOO_LARGE, "The body has too many rows", "Isi permintaan memuat terlalu banyak baris";
    /// Too many or too long headers.
    HeadTooLarge = "HEAD_TOO_LARGE", REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large", "Kepala permintaan terlalu besar";
    /// Not a type this path reads.
    MediaType = "MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "The content type cannot be read here", "Tipe isi tidak dapat dibaca di sini";
    /// A row or a document with wrong fields.
    FieldInvalid = "FIELD_INVALID", UNPROCESSABLE_ENTITY, "A field cannot be used", "Ada isian yang tidak dapat dipakai";
    /// Nearly all rows of a batch are refused.
    NearlyAllRefused = "NEARLY_ALL_REFUSED", UNPROCESSABLE_ENTITY, "Nearly all rows are refused", "Hampir semua baris ditolak";
    /// A row that was sent alone and refused.
    RowRefused = "ROW_REFUSED", UNPROCESSABLE_ENTITY, "The row was refused", "Baris ditolak";
    /// The same key with another body.
    KeyReused = "IDEMPOTENCY_KEY_REUSED", UNPROCESSABLE_ENTITY, "The idempotency key was used for another body", "Kunci idempotensi sudah dipakai untuk isi lain";
    /// Too many wrong access codes.
    TooManyAttempts = "TOO_MANY_ATTEMPTS", TOO_MANY_REQUESTS, "Too many attempts", "Terlalu banyak percobaan";
    /// What a caller may use is used up.
    Quota = "QUOTA_USED_UP", TOO_MANY_REQUESTS, "The quota of the caller is used up", "Kuota pemanggil sudah habis";
    /// A fault of ours.
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "The gateway failed", "Gerbang mengalami gangguan";
    /// The queue is full.
    Busy = "BUSY", SERVICE_UNAVAILABLE, "Too much is waiting; try again later", "Antrean penuh; coba lagi nanti";
    /// Too much of one caller is under way.
    CallerBusy = "CALLER_BUSY", SERVICE_UNAVAILABLE, "Too much of this caller is under way; try again later", "Kiriman pemanggil ini masih terlalu banyak yang diproses; coba lagi nanti";
    /// No room on the disk.
    Full = "STORAGE_FULL", INSUFFICIENT_STORAGE, "The disk of the gateway is full", "Penyimpanan gerbang penuh";
    /// Starting or stopping.
    NotReady = "NOT_READY", SERVICE_UNAVAILABLE, "The gateway is starting or stopping, or its store is away", "Gerbang sedang dinyalakan atau dimatikan, atau penyimpanannya tidak terjangkau";
}

impl Code {
    /// The kind with that machine code.
    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The kind that fits a bare status, as the framework answers it.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::HeadSlow,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadTooLarge,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::MediaType,
            other if other.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}
