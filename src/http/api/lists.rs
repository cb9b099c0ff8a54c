//! Lists as operators have them (XLSX, CSV, ZIP, gzip), and how their columns become fields.

use actix_web::http::header;
use actix_web::web::{self, BytesMut};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Caller;
use crate::domain::feed::Feed;
use crate::feed::mapping::{Mapping, MappingError, Sentence};
use crate::feed::{Context, ReadBatch};
use crate::http::body::{Incoming, JSON};
use crate::http::caller::{Reader, Writer, need_feed};
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem, ProblemDocument, ProblemField};
use crate::list::{List, ListError};
use crate::service::error::ServiceError;
use crate::service::gateway::{Admitted, Gateway};
use crate::sheet::SheetLimits;

/// The media type of workbooks.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Media types of lists: what they are shows in their bytes.
pub(crate) const LISTS: &[&str] =
    &[XLSX, "text/csv", "application/zip", "application/gzip", "application/octet-stream"];

/// Reads a list as a batch: by the mapping that the agency keeps, where its headings are there, else by headings and values;
/// what somebody would have to decide refuses it. What its sender may not know of how it was read comes with it.
pub(super) async fn read(
    gateway: &Gateway,
    caller: &Caller,
    (feed, sheet): (Feed, Option<String>),
    mut incoming: Incoming,
    mut admitted: Admitted,
) -> Result<(ReadBatch, Admitted, Vec<Sentence>), Problem> {
    let mut bytes = BytesMut::new();
    while let Some(piece) = incoming.chunk().await? {
        admitted.grow(piece.len() as u64)?;
        bytes.extend_from_slice(&piece);
    }
    let bytes = bytes.freeze();
    let reader = gateway.read_push(feed);
    let remembered = gateway.mapping(caller, feed).await?.map(|kept| kept.mapping);
    let read = web::block(move || {
        let known = (feed, remembered.as_ref(), reader.context());
        let mut list = List::open("", bytes, &SheetLimits::default(), known)?;
        if let Some(sheet) = sheet {
            let named = list.tables().0.iter().position(|table| table.name() == sheet).ok_or(ListError::NoSuchTable)?;
            list.choose_table(named)?;
        }
        Ok::<_, ListError>(match list.read(reader, &mut |bytes| admitted.grow(bytes).is_ok()) {
            Ok(batch) => Ok((batch, admitted, list.notes())),
            Err(error @ ListError::Mapping(_)) => Err((list.undecided(), error)),
            Err(error) => Err((Vec::new(), error)),
        })
    });
    match read.await?.map_err(|error| not_read(&error))? {
        Ok(read) => Ok(read),
        Err((undecided, error)) if undecided.is_empty() => Err(not_read(&error)),
        Err((undecided, _)) => {
            let field = |sentence: Sentence| ProblemField {
                pointer: String::new(),
                code: "MAPPING".to_owned(),
                pesan: sentence.pesan,
                message: sentence.message,
            };
            let detail = "say which column is which field: at /kirim, or by PUT /v1/feeds/{feed}/mapping";
            Err(Problem::with_fields(Code::ListUnreadable, detail, undecided.into_iter().map(field).collect()))
        }
    }
}

/// A list that cannot be read, as a refusal.
pub(crate) fn not_read(error: &ListError) -> Problem {
    match error {
        ListError::Body(error) => return error.clone().into(),
        ListError::NoRoom => return ServiceError::Busy.into(),
        ListError::Sheet(_) | ListError::NoHeading | ListError::NoSuchTable | ListError::Mapping(_) => {}
    }
    let field = ProblemField {
        pointer: String::new(),
        code: "LIST".to_owned(),
        pesan: error.pesan(),
        message: error.to_string(),
    };
    Problem::with_fields(Code::ListUnreadable, error.to_string(), vec![field])
}

/// How the agency's lists become rows of a feed.
#[utoipa::path(get, path = "/v1/feeds/{feed}/mapping", tag = "push", operation_id = "getMapping",
    params(("feed" = String, Path, description = "Name of the feed")),
    responses((status = 200, description = "The mapping, as `docs/mapping.md` describes it", body = Object),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such feed, or none is kept", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn mapping(
    Reader(caller): Reader,
    feed: web::Path<String>,
    gateway: Backend,
) -> Result<web::Json<Mapping>, Problem> {
    let feed: Feed = feed.parse()?;
    need_feed(&caller, feed)?;
    let kept = gateway.get()?.mapping(&caller, feed).await?;
    kept.map(|kept| web::Json(kept.mapping)).ok_or_else(|| Problem::new(Code::NotFound, "no mapping is kept for it"))
}

/// Keep how the agency's lists become rows of a feed, in the place of what was kept before.
#[utoipa::path(put, path = "/v1/feeds/{feed}/mapping", tag = "push", operation_id = "putMapping",
    params(("feed" = String, Path, description = "Name of the feed"),
           ("Idempotency-Key" = String, Header, description = "1 to 128 visible characters")),
    request_body(content = Object, description = "A mapping, as `docs/mapping.md` describes it"),
    responses((status = 204, description = "It is kept"),
        (status = 400, description = "No mapping, or no key", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "Too many bytes", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "It names what the feed does not have", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn keep(
    writer: Writer,
    feed: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let feed: Feed = feed.parse()?;
    need_feed(&writer.caller, feed)?;
    let limits = &config.limits;
    let incoming = Incoming::open(&request, payload, JSON, limits, limits.max_document_bytes)?;
    let mapping: Mapping = incoming.json().await?;
    let context = gateway.get()?.read_push(feed).context();
    // It is fitted to look at it, and names of places are many.
    let (mapping, wrong) = web::block(move || {
        let wrong = wrong_with(&mapping, feed, context);
        (mapping, wrong)
    })
    .await?;
    if !wrong.is_empty() {
        return Err(Problem::with_fields(Code::FieldInvalid, "the mapping does not fit the feed", wrong));
    }
    gateway.get()?.keep_mapping(&writer.caller, writer.key, mapping).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What of a mapping no table could mend.
fn wrong_with(mapping: &Mapping, feed: Feed, context: Context) -> Vec<ProblemField> {
    let field = |pointer: &str, pesan: String, message: String| ProblemField {
        pointer: pointer.to_owned(),
        code: "INVALID".to_owned(),
        pesan,
        message,
    };
    if mapping.feed != feed {
        return vec![field(
            "/feed",
            "bukan feed pada alamat permintaan".to_owned(),
            "not the feed of the path".to_owned(),
        )];
    }
    if mapping.version != Mapping::VERSION {
        let version = Mapping::VERSION;
        return vec![field("/version", format!("isi {version}"), format!("give {version}"))];
    }
    let problems = mapping.problems(&[], context);
    let lasting = problems.into_iter().filter(|error| matches!(error, MappingError::UnknownField { .. }));
    lasting.map(|error| field("/fields", error.pesan(), error.to_string())).collect()
}

/// A workbook to fill in for a feed: headings, choices, text columns, an example.
#[utoipa::path(get, path = "/v1/feeds/{feed}/template", tag = "push", operation_id = "getTemplate",
    params(("feed" = String, Path, description = "Name of the feed")),
    responses((status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such feed", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn template(reader: Reader, feed: web::Path<String>) -> Result<HttpResponse, Problem> {
    let feed: Feed = feed.parse()?;
    need_feed(&reader.0, feed)?;
    workbook(feed).await
}

/// The answer that hands a template out.
pub(crate) async fn workbook(feed: Feed) -> Result<HttpResponse, Problem> {
    let made = web::block(move || crate::sheet::template(feed)).await?;
    let made = made.map_err(|error| not_read(&error.into()))?;
    let name = format!("attachment; filename=\"{feed}.xlsx\"");
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header((header::CONTENT_DISPOSITION, name)).body(made))
}
