//! The pages of the gateway: server-rendered, in Bahasa Indonesia with an English switch, without a script. They call
//! the same functions of `service` as the JSON interface.

pub(crate) mod attempts;
mod case_page;
mod cases_page;
mod compare;
mod decoded;
mod diff;
mod findings_page;
mod format;
mod forms;
mod labels;
mod layout;
mod mapping_page;
mod overview_page;
mod person_page;
mod places;
mod problem_page;
mod receipt_page;
mod report_page;
mod search_page;
pub(crate) mod session;
mod sign_in;
mod signs;
mod style;
mod texts;
mod trail_page;
mod upload_page;
pub(crate) mod uploads;
mod waterfall;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

pub(crate) use problem_page::refusal;

/// Puts the pages into the application.
pub(super) fn configure(app: &mut ServiceConfig) {
    let page = |path: &str| web::resource(path.to_owned()).wrap(from_fn(layout::signed_in));
    app.service(page("/").get(overview_page::show))
        .service(page("/konflik").get(cases_page::show))
        .service(page("/konflik/{id}").get(case_page::show).post(case_page::decide))
        .service(page("/orang/{id}").get(person_page::show))
        .service(page("/cari").get(search_page::form).post(search_page::search))
        .service(page("/komplementaritas").get(report_page::show))
        .service(page("/komplementaritas/{rule}").get(findings_page::show))
        .service(page("/kirim").get(upload_page::form).post(upload_page::receive))
        .service(page("/kirim/templat/{feed}").get(upload_page::template))
        .service(page("/kirim/{id}").get(upload_page::show).post(upload_page::act))
        .service(page("/kiriman/{id}").get(receipt_page::show))
        .service(page("/kiriman/{id}/tanda-terima.{form}").get(receipt_page::download))
        .service(page("/jejak").get(trail_page::form).post(trail_page::find))
        .service(page("/jejak/{id}").get(trail_page::show))
        .service(page("/keluar").post(sign_in::sign_out))
        .service(web::resource("/masuk").get(sign_in::form).post(sign_in::sign_in))
        .service(web::resource("/masalah/{code}").get(problem_page::explain))
        .service(web::resource("/aset/{file}").get(style::asset));
}

/// Whether a browser asks, and not for the JSON interface.
pub(crate) fn wants_page(request: &HttpRequest) -> bool {
    let program = ["/v1/", "/healthz", "/readyz", "/metrics"].iter().any(|path| request.path().starts_with(path));
    !program && super::extract::asks_for(request, "text/html")
}

/// Keeps the language that a page was asked in by `?lang=`.
pub(crate) fn remember_language<B>(response: &mut ServiceResponse<B>) {
    let asked = layout::Lang::asked(response.request());
    if let Some(lang) = asked.filter(|_| !response.request().path().starts_with("/v1/")) {
        // A cookie of our own making is always a valid header; a failure would only lose the language.
        let _ = response.response_mut().add_cookie(&lang.cookie());
    }
}

/// Sends the browser to sign in, and back afterwards.
pub(crate) fn sign_in_first(request: &HttpRequest) -> HttpResponse {
    see_other(&format!("/masuk?kembali={}", super::extract::percent(request.path())))
}

/// Sends the browser on to another page with GET.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
