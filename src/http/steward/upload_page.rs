//! Sending a list from a browser: choose a file, look at what Padan makes of it, correct that, send.

use actix_multipart::Multipart;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::StreamExt as _;
use tokio::time::{Duration, Instant, timeout_at};

use super::layout::{Layout, Steward, render};
use super::mapping_page::{self, Seen};
use super::session::Sessions;
use super::texts::Texts;
use super::uploads::Uploads;
use super::{format, forms, labels, see_other};
use crate::auth::{Caller, Right};
use crate::domain::batch::Batch;
use crate::domain::feed::Feed;
use crate::http::api::lists;
use crate::http::body::was_read_whole;
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem};
use crate::list::List;
use crate::service::gateway::{Admitted, Gateway};
use crate::sheet::SheetLimits;

/// Batches that are listed.
const OWN_BATCHES: usize = 10;
/// Bytes of a field of the form that is no file.
const FIELD_BYTES: usize = 4 << 10;
/// Letters of a file's name that are kept.
const NAME_LETTERS: usize = 120;

#[derive(Template)]
#[template(path = "upload.html")]
pub(super) struct UploadPage {
    page: Layout,
    t: &'static Texts,
    feeds: Vec<(&'static str, &'static str)>,
    message: Option<String>,
    batches: Vec<OwnBatch>,
    most: String,
}

struct OwnBatch {
    id: String,
    at: String,
    feed: &'static str,
    rows: String,
    refused: String,
    has_refused: bool,
}

fn own_batch(batch: &Batch, page: &Layout) -> OwnBatch {
    OwnBatch {
        id: batch.id.clone(),
        at: format::time(batch.received_at, page.lang),
        feed: labels::feed(batch.feed, page.lang),
        rows: format::count(batch.counts.baris, page.lang),
        refused: format::count(batch.counts.ditolak, page.lang),
        has_refused: batch.counts.ditolak > 0,
    }
}

/// The feeds that somebody may push.
fn feeds_of(caller: &Caller) -> impl Iterator<Item = Feed> {
    Feed::ALL.into_iter().filter(|feed| caller.may_push(*feed).is_some())
}

/// The page that asks for a file.
pub(super) async fn form(
    steward: Steward,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    ask(steward, &config, gateway.get()?, None).await
}

async fn ask(
    steward: Steward,
    config: &Config,
    gateway: &Gateway,
    message: Option<String>,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Push)?;
    let batches = gateway.own_batches(caller, OWN_BATCHES).await?;
    let lang = steward.page.lang;
    let feeds = feeds_of(caller).map(|feed| (feed.name(), labels::feed(feed, lang))).collect();
    let page = steward.page;
    let batches = batches.iter().map(|batch| own_batch(batch, &page)).collect();
    let most = format::count(config.limits.max_upload_bytes >> 20, lang);
    render(&UploadPage { t: page.lang.texts(), feeds, message, batches, most, page })
}

/// What the form sends.
#[derive(Default)]
struct Sent {
    token: String,
    feed: String,
    /// The list that this one corrects.
    follows: String,
    name: String,
    bytes: Bytes,
}

/// Takes a file in, and shows what Padan makes of it.
pub(super) async fn receive(
    steward: Steward,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
    (uploads, sessions): (web::Data<Uploads>, web::Data<Sessions>),
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Push)?.clone();
    forms::same_origin(&request, config.public_url.as_deref())?;
    let gateway = gateway.get()?;
    // Which feed it is of stands in the form; what the caller may have under way does not depend on it.
    let any =
        feeds_of(&caller).next().ok_or_else(|| Problem::new(Code::Forbidden, "no feed is sent by this client"))?;
    let mut admitted = gateway.admit(&caller, any, true)?;
    let sent = read(&request, payload, &steward, (&config, &mut admitted)).await?;
    let follows = uploads.find(&caller, &sent.follows);
    let feed = follows.map_or_else(|| sent.feed.parse().ok(), |upload| Some(upload.feed));
    let Some(feed) = feed.or_else(|| only(feeds_of(&caller))) else {
        let message = steward.texts().choose_feed.to_owned();
        return ask(steward, &config, gateway, Some(message)).await;
    };
    crate::http::caller::need_feed(&caller, feed)?;
    let context = gateway.read_push(feed).context();
    let remembered = gateway.mapping(&caller, feed).await?.map(|kept| kept.mapping);
    let size = sent.bytes.len() as u64;
    let opened = web::block(move || {
        List::open(&sent.name, sent.bytes, &SheetLimits::default(), (feed, remembered.as_ref(), context))
    });
    let list = match opened.await? {
        Ok(list) => list,
        Err(error) => {
            let lang = steward.page.lang;
            return ask(steward, &config, gateway, Some(lang.pick(error.pesan(), error.to_string()))).await;
        }
    };
    let id = sessions.random_name().map_err(|error| Problem::internal(&error))?;
    let Some(upload) = uploads.hold(&caller, id, list, size) else {
        return Err(Problem::new(Code::Busy, "too many lists are being looked at; try again in some minutes"));
    };
    Ok(see_other(&format!("/kirim/{}", upload.id)))
}

/// The one of them, where there is one only.
fn only(mut feeds: impl Iterator<Item = Feed>) -> Option<Feed> {
    let first = feeds.next()?;
    feeds.next().is_none().then_some(first)
}

/// Reads the form: its fields, then one file, all in memory and within the limits.
async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    steward: &Steward,
    (config, admitted): (&Config, &mut Admitted),
) -> Result<Sent, Problem> {
    let unreadable = || Problem::new(Code::BadRequest, "the form cannot be read");
    let limits = &config.limits;
    let end = Instant::now() + Duration::from_secs(limits.body_timeout_s);
    let slow = |_| Problem::new(Code::BodySlow, "the file did not arrive in time; nothing was stored");
    let mut form = Multipart::new(request.headers(), payload);
    let mut sent = Sent::default();
    while let Some(part) = timeout_at(end, form.next()).await.map_err(slow)? {
        let mut part = part.map_err(|_| unreadable())?;
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = name == "berkas";
        if is_file {
            forms::check_token(&steward.session, &sent.token)?;
            let file = part.content_disposition().and_then(|part| part.get_filename()).unwrap_or_default();
            sent.name = file.chars().filter(|sign| !sign.is_control()).take(NAME_LETTERS).collect();
        }
        let most = if is_file { usize::try_from(limits.max_upload_bytes).unwrap_or(usize::MAX) } else { FIELD_BYTES };
        let mut bytes = BytesMut::new();
        while let Some(piece) = timeout_at(end, part.next()).await.map_err(slow)? {
            let piece = piece.map_err(|_| unreadable())?;
            if bytes.len() + piece.len() > most {
                return Err(Problem::too_large(most as u64));
            }
            admitted.grow(piece.len() as u64)?;
            bytes.extend_from_slice(&piece);
        }
        if is_file {
            sent.bytes = bytes.freeze();
            continue;
        }
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| unreadable())?;
        match name.as_str() {
            "token" => sent.token = text,
            "feed" => sent.feed = text,
            "lanjut" => sent.follows = text,
            _ => return Err(unreadable()),
        }
    }
    forms::check_token(&steward.session, &sent.token)?;
    was_read_whole(request);
    Ok(sent)
}

/// What Padan makes of a list.
pub(super) async fn show(
    steward: Steward,
    id: web::Path<String>,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    let upload = uploads.find(steward.with(Right::Push)?, &id).ok_or_else(over)?;
    let page = steward.page;
    let page = web::block(move || mapping_page::of(page, &upload, &Seen::default())).await?;
    render(&page)
}

fn over() -> Problem {
    Problem::new(Code::NotFound, "the list is not held any more: lists are held for an hour; send the file again")
}

/// Corrects how a list is read, tries it, or sends it.
pub(super) async fn act(
    steward: Steward,
    request: HttpRequest,
    payload: web::Payload,
    id: web::Path<String>,
    gateway: Backend,
    (config, uploads): (web::Data<Config>, web::Data<Uploads>),
) -> Result<HttpResponse, Problem> {
    let fields: Vec<(String, String)> =
        forms::read_large(&request, payload, &config, config.limits.max_document_bytes).await?;
    let of = |name: &str| fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
    forms::check_token(&steward.session, of("token"))?;
    let caller = steward.with(Right::Push)?.clone();
    let gateway = gateway.get()?;
    let upload = uploads.find(&caller, &id).ok_or_else(over)?;
    let action = of("aksi").to_owned();
    if action == "batal" {
        uploads.let_go(&upload);
        return Ok(see_other("/kirim"));
    }
    let changing = upload.clone();
    let feed = upload.feed;
    let reader = gateway.read_push(feed);
    let sends = action == "kirim";
    let reads = sends || action == "periksa";
    let mut admitted = if reads { Some(gateway.admit(&caller, feed, true)?) } else { None };
    let read = web::block(move || {
        let mut list = changing.list();
        let seen = Seen { message: mapping_page::change(&mut list, &fields).err(), ..Seen::default() };
        let wanted = admitted.as_mut().filter(|_| seen.message.is_none());
        let batch = wanted.map(|admitted| list.read(reader, &mut |bytes| admitted.grow(bytes).is_ok()));
        // Where each row names its fields there is nothing to be kept.
        let mapping = list.heading().map(|_| list.mapping().clone());
        (batch, mapping, seen, admitted)
    });
    let (batch, mapping, mut seen, _admitted) = read.await?;
    match batch {
        Some(Ok(batch)) if sends => {
            let key = |what: &str| crate::service::gateway::IdempotencyKey::new(&format!("kirim-{}-{what}", upload.id));
            let unnamed = || Problem::new(Code::Internal, "a name of letters and digits is a key");
            if let Some(mapping) = mapping {
                gateway.keep_mapping(&caller, key("pemetaan").ok_or_else(unnamed)?, mapping).await?;
            }
            let key = key(&batch.sha256[..32]).ok_or_else(unnamed)?;
            let pushed = gateway.push(&caller, feed, key, batch).await?;
            upload.became(&pushed.batch.id);
            return Ok(see_other(&format!("/kiriman/{}", pushed.batch.id)));
        }
        Some(Ok(batch)) => seen.tried = Some(batch),
        Some(Err(error)) => seen.message = Some(error),
        None => {}
    }
    let page = steward.page;
    let page = web::block(move || mapping_page::of(page, &upload, &seen)).await?;
    render(&page)
}

/// A workbook to fill in for a feed.
pub(super) async fn template(steward: Steward, feed: web::Path<String>) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Push)?;
    let feed: Feed = feed.trim_end_matches(".xlsx").parse()?;
    crate::http::caller::need_feed(caller, feed)?;
    lists::workbook(feed).await
}
