//! Refusals as pages, and the page that explains a problem code (the `type` of a problem document leads here).

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::layout::{Layout, render};
use super::texts::Texts;
use crate::http::caller::steward_of;
use crate::http::problem::{Code, Problem};

#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct ProblemPage {
    page: Layout,
    t: &'static Texts,
    code: &'static str,
    status: u16,
    title: &'static str,
    other_title: &'static str,
    errors: Vec<String>,
    request_id: Option<String>,
}

impl ProblemPage {
    /// The page of a code; with a request's id when it is about that request.
    pub(super) fn new(page: Layout, code: Code, errors: Vec<String>, request_id: Option<String>) -> Self {
        let lang = page.lang;
        Self {
            t: lang.texts(),
            code: code.as_str(),
            status: code.status().as_u16(),
            title: lang.pick(code.judul(), code.title()),
            other_title: lang.pick(code.title(), code.judul()),
            errors,
            request_id,
            page,
        }
    }
}

/// A refusal for people.
pub(crate) fn refusal(problem: &Problem, request: &HttpRequest, request_id: &str) -> HttpResponse {
    let page = Layout::of(request, steward_of(request).as_ref());
    let lang = page.lang;
    let errors = problem.fields().iter().map(|field| lang.pick(&field.pesan, &field.message).clone()).collect();
    let html = ProblemPage::new(page, problem.code(), errors, Some(request_id.to_owned())).render();
    problem.head().content_type("text/html; charset=utf-8").body(html.unwrap_or_default())
}

/// What a code means.
pub(super) async fn explain(request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::of(&code).ok_or_else(|| Problem::new(Code::NotFound, "there is no such code"))?;
    let page = Layout::of(&request, steward_of(&request).as_ref());
    render(&ProblemPage::new(page, code, Vec::new(), None))
}
