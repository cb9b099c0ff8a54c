//! Small readings that many handlers need: the feed of a path, a query, a page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::config::Limits;
use super::problem::{Code, Problem};
use crate::domain::date::{Date, parse_date};
use crate::domain::region::Regions;
use crate::service::gateway::Gateway;

/// All that RFC 3986 does not call unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The use cases, looked for only when a handler needs them: everything that can be refused without them is.
pub(crate) struct Backend(Option<web::Data<Gateway>>);

impl Backend {
    /// The use cases, once the gateway is up.
    pub(crate) fn get(&self) -> Result<&Gateway, Problem> {
        let absent = || Problem::new(Code::NotReady, "nothing was stored; send the same request again later");
        self.0.as_ref().map(web::Data::get_ref).ok_or_else(absent)
    }
}

impl FromRequest for Backend {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.app_data::<web::Data<Gateway>>().cloned())))
    }
}

/// Reads the query; parameters that are not known are refused.
pub(crate) fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let refused = |_| Problem::new(Code::QueryInvalid, "a parameter is not known here or is given twice; see /docs/");
    web::Query::from_query(request.query_string()).map(web::Query::into_inner).map_err(refused)
}

/// Reads `limit`, against the configured page sizes.
pub(crate) fn page_size(limit: Option<&str>, limits: &Limits) -> Result<usize, Problem> {
    let Some(text) = limit else { return Ok(limits.page_items) };
    let size = text.parse().ok().filter(|size| (1..=limits.max_page_items).contains(size));
    size.ok_or_else(|| {
        let most = limits.max_page_items;
        let (pesan, message) = (format!("isi 1 sampai {most}"), format!("give 1 to {most}"));
        Problem::field(Code::QueryInvalid, "limit", &pesan, &message)
    })
}

/// Reads an optional date of a query.
pub(crate) fn date(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let wrong = |error: crate::domain::date::DateError| {
        Problem::field(Code::QueryInvalid, name, "tulis tanggal sebagai YYYY-MM-DD", &error.to_string())
    };
    text.filter(|text| !text.is_empty()).map(parse_date).transpose().map_err(wrong)
}

/// Reads an optional region code of a query: 2, 4, 6 or 10 digits; a code that has been replaced by one other is that one.
pub(crate) fn region(name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    region_of(Code::QueryInvalid, name, text)
}

/// Reads an optional region code of a query or a field; `wrong` is what is wrong with the request if it is none.
pub(crate) fn region_of(wrong: Code, name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let Some(code) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if matches!(code.len(), 2 | 4 | 6 | 10) && code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Some(Regions::embedded().current(&code).to_owned()));
    }
    let (pesan, message) =
        ("kode wilayah terdiri dari 2, 4, 6, atau 10 angka", "a region code has 2, 4, 6 or 10 digits");
    Err(Problem::field(wrong, name, pesan, message))
}

/// Whether the caller asks for a media type by name.
pub(crate) fn asks_for(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept
        .split(',')
        .any(|item| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media_type)))
}

/// Writes a value so that it can stand in a query.
pub(crate) fn percent(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_keep_to_their_limits() {
        let limits = Limits::default();
        for (text, size) in [(None, Some(50)), (Some("1"), Some(1)), (Some("1000"), Some(1000))] {
            assert_eq!(page_size(text, &limits).ok(), size, "{text:?}");
        }
        for text in ["0", "1001", "-1", "x", ""] {
            assert_eq!(page_size(Some(text), &limits).expect_err(text).code(), Code::QueryInvalid);
        }
    }

    #[test]
    fn regions_have_whole_levels() {
        for code in ["32", "3201", "320101", "3201012001"] {
            assert_eq!(region("kode_wilayah", Some(code.to_owned())).ok().flatten().as_deref(), Some(code));
        }
        for code in ["3", "32010", "abcd", "32 1"] {
            assert!(region("kode_wilayah", Some(code.to_owned())).is_err(), "{code}");
        }
        assert_eq!(region("kode_wilayah", Some(String::new())).ok().flatten(), None);
    }

    #[test]
    fn values_are_made_fit_for_a_query() {
        assert_eq!(percent("a b&c=/1-2_é"), "a%20b%26c%3D%2F1-2_%C3%A9");
    }
}
