//! What all pages share: the language, the menu, the steward, the frame around the content.

use std::future::{Ready, ready};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use askama::Template;

use super::session::Session;
use super::style;
use super::texts::{ENGLISH, INDONESIAN, Texts};
use crate::auth::{Caller, Right};
use crate::http::caller::{need, steward_of};
use crate::http::problem::{Code, Problem};

const LANGUAGE_COOKIE: &str = "bahasa";

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    /// Bahasa Indonesia.
    Indonesian,
    /// English.
    English,
}

impl Lang {
    /// The code for HTML.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// The words.
    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::Indonesian => &INDONESIAN,
            Self::English => &ENGLISH,
        }
    }

    /// The first in Indonesian, the second in English.
    pub(super) fn pick<T>(self, indonesian: T, english: T) -> T {
        match self {
            Self::Indonesian => indonesian,
            Self::English => english,
        }
    }

    /// The language of a request: asked for, else remembered, else Indonesian.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let remembered = || request.cookie(LANGUAGE_COOKIE).and_then(|cookie| Self::read(cookie.value()));
        Self::asked(request).or_else(remembered).unwrap_or(Self::Indonesian)
    }

    /// The language that `?lang=` asks for.
    pub(super) fn asked(request: &HttpRequest) -> Option<Self> {
        request.query_string().split('&').find_map(|pair| Self::read(pair.strip_prefix("lang=")?))
    }

    /// The cookie that remembers it.
    pub(super) fn cookie(self) -> Cookie<'static> {
        Cookie::build(LANGUAGE_COOKIE, self.code()).path("/").secure(true).same_site(SameSite::Lax).permanent().finish()
    }

    fn read(code: &str) -> Option<Self> {
        [Self::Indonesian, Self::English].into_iter().find(|lang| lang.code() == code)
    }
}

/// The frame around a page's content.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The language.
    pub(super) lang: Lang,
    /// Who is signed in.
    pub(super) user: Option<String>,
    /// The form token of the session.
    pub(super) form_token: String,
    /// Which menu item is shown as present.
    pub(super) path: String,
    /// The same page in Indonesian and in English.
    pub(super) switch: [String; 2],
    /// Path of the style sheet.
    pub(super) css: &'static str,
    /// Path of the icon.
    pub(super) icon: &'static str,
    /// The menu: path and words.
    pub(super) menu: Vec<(&'static str, &'static str)>,
}

impl Layout {
    /// The frame for whoever asks, signed in or not.
    pub(super) fn of(request: &HttpRequest, session: Option<&Session>) -> Self {
        let lang = Lang::of(request);
        let rest: Vec<&str> =
            request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("lang=")).collect();
        let switch = ["id", "en"].map(|code| {
            let asked = [rest.as_slice(), &[if code == "id" { "lang=id" } else { "lang=en" }]].concat();
            format!("{}?{}", request.path(), asked.join("&"))
        });
        Self {
            lang,
            user: session.map(|session| session.caller.name.clone()),
            form_token: session.map(|session| session.form_token.clone()).unwrap_or_default(),
            path: request.path().to_owned(),
            switch,
            css: style::css_path(),
            icon: style::icon_path(),
            menu: session.map(|session| menu(&session.caller, lang.texts())).unwrap_or_default(),
        }
    }

    /// Whether somebody's menu has an item.
    pub(super) fn shows(&self, item: &str) -> bool {
        self.menu.iter().any(|(path, _)| *path == item)
    }

    /// Whether values about people are masked on the page: whoever sends a list sees it as it is.
    pub(super) fn masks(&self) -> bool {
        !self.path.starts_with("/kirim")
    }

    /// Whether a menu item is the page, or the page lies below it.
    pub(super) fn present(&self, item: &str) -> bool {
        let of_receipt = item == "/kirim" && self.path.starts_with("/kiriman");
        self.path == item || item != "/" && (self.path.starts_with(&format!("{item}/")) || of_receipt)
    }
}

fn menu(caller: &Caller, t: &Texts) -> Vec<(&'static str, &'static str)> {
    let all = [
        (Right::Reports, "/", t.overview),
        (Right::Review, "/konflik", t.queue),
        (Right::Reports, "/komplementaritas", t.complementarity),
        (Right::Persons, "/cari", t.search),
        (Right::Push, "/kirim", t.send_data),
        (Right::Audit, "/jejak", t.trail),
    ];
    all.into_iter().filter(|(right, _, _)| caller.has(*right)).map(|(_, path, words)| (path, words)).collect()
}

/// The first page somebody may see after signing in.
pub(super) fn home(caller: &Caller) -> &'static str {
    menu(caller, &INDONESIAN).first().map_or("/", |(path, _)| *path)
}

/// A signed-in steward on a page. [`signed_in`] has sent everybody else away before.
pub(super) struct Steward {
    /// Who.
    pub(super) session: Session,
    /// The frame of the page.
    pub(super) page: Layout,
}

impl Steward {
    /// The words of the page.
    pub(super) fn texts(&self) -> &'static Texts {
        self.page.lang.texts()
    }

    /// The caller, when they have a right.
    pub(super) fn with(&self, right: Right) -> Result<&Caller, Problem> {
        need(&self.session.caller, right).map(|()| &self.session.caller)
    }
}

impl FromRequest for Steward {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = request.extensions().get::<Session>().cloned();
        ready(match session {
            Some(session) => Ok(Self { page: Layout::of(request, Some(&session)), session }),
            None => Err(Problem::new(Code::Unauthenticated, "sign in first")),
        })
    }
}

/// Lets signed-in stewards through and sends everybody else to sign in.
pub(super) async fn signed_in<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let Some(session) = steward_of(request.request()) else {
        let away = super::sign_in_first(request.request());
        return Ok(request.into_response(away).map_into_right_body());
    };
    request.extensions_mut().insert(session);
    Ok(next.call(request).await?.map_into_left_body())
}

/// Fills a template.
pub(super) fn render(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}
