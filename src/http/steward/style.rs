//! The style sheet and the icon, part of the program. Their paths carry a hash, so that browsers may keep them for ever.

use std::sync::OnceLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::http::problem::{Code, Problem};

const CSS: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// Path of the style sheet.
pub(super) fn css_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| path(CSS, "css"))
}

/// Path of the icon.
pub(super) fn icon_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| path(ICON, "svg"))
}

fn path(content: &str, extension: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    let short = hex::encode(&hash[..6]);
    format!("/aset/padan.{short}.{extension}")
}

/// Hands out the style sheet and the icon.
pub(super) async fn asset(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    let asked = format!("/aset/{file}");
    let (media_type, content) = if asked == css_path() {
        ("text/css; charset=utf-8", CSS)
    } else if asked == icon_path() {
        ("image/svg+xml", ICON)
    } else {
        return Err(Problem::new(Code::NotFound, "there is no such file"));
    };
    let keep = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(HttpResponse::Ok().content_type(media_type).insert_header(keep).body(content))
}
