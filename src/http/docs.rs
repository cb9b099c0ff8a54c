//! The contract: as a document for everybody, and to be browsed by those whom the settings let. Both are shared with every
//! reader and copied for none.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock};

use actix_web::http::header;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config as DocsConfig, SwaggerFile};

use super::caller::{caller_of, steward_of};
use super::config::{Config, Docs};
use super::openapi::Contract;
use super::problem::{Code, Problem};
use super::steward;

const DOCUMENT: &str = "/v1/openapi.json";
/// The one file of the bundle that is made anew, with the place of the document in it.
const INITIALIZER: &str = "swagger-initializer.js";

/// Puts the contract into the application.
pub(super) fn configure(app: &mut ServiceConfig) {
    app.service(web::resource(DOCUMENT).route(web::get().to(document)))
        .service(web::resource("/docs").route(web::get().to(to_docs)))
        .service(web::resource("/docs/{file:.*}").route(web::get().to(browse)));
}

async fn document() -> HttpResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
        Contract::openapi().to_json().expect("the document holds strings, numbers and maps only").into()
    });
    HttpResponse::Ok().content_type("application/json").body(TEXT.clone())
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn browse(
    request: HttpRequest,
    name: web::Path<String>,
    config: web::Data<Config>,
) -> Result<HttpResponse, Problem> {
    if config.docs == Docs::Known && steward_of(&request).is_none() && caller_of(&request).is_err() {
        let page = steward::wants_page(&request);
        let unknown = || Problem::new(Code::Unauthenticated, "sign in, or send Authorization: Bearer TOKEN");
        return page.then(|| steward::sign_in_first(&request)).ok_or_else(unknown);
    }
    let found = if config.docs == Docs::Off { None } else { file(&name)? };
    let (media_type, content) = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such file"))?;
    Ok(HttpResponse::Ok().content_type(media_type).body(content))
}

/// A file of the bundle.
fn file(name: &str) -> Result<Option<(String, Bytes)>, Problem> {
    static INITIALIZED: OnceLock<Bytes> = OnceLock::new();
    if let Some(content) = INITIALIZED.get().filter(|_| name == INITIALIZER) {
        return Ok(Some(("text/javascript".to_owned(), content.clone())));
    }
    let failed = |_| Problem::new(Code::Internal, "the log of the gateway says why");
    let Some(file) = utoipa_swagger_ui::serve(name, settings()).map_err(failed)? else { return Ok(None) };
    let SwaggerFile { bytes, content_type, .. } = file;
    let content = match bytes {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => INITIALIZED.get_or_init(|| content.into()).clone(),
    };
    Ok(Some((content_type, content)))
}

fn settings() -> Arc<DocsConfig<'static>> {
    static SETTINGS: LazyLock<Arc<DocsConfig<'static>>> =
        LazyLock::new(|| Arc::new(DocsConfig::from(DOCUMENT).validator_url("none").display_operation_id(true)));
    Arc::clone(&SETTINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_of_the_bundle_reads_the_same_bytes() {
        for (name, kind) in
            [("", "text/html"), ("swagger-ui-bundle.js", "text/javascript"), (INITIALIZER, "text/javascript")]
        {
            let read = || file(name).expect("readable").expect("a file");
            let ((first_kind, first), (_, second)) = (read(), read());
            assert_eq!(first.as_ptr(), second.as_ptr(), "{name}");
            assert_eq!(first_kind, kind, "{name}");
        }
        let initializer = file(INITIALIZER).expect("readable").expect("a file").1;
        assert!(String::from_utf8_lossy(&initializer).contains(DOCUMENT), "it says where the document is");
        assert_eq!(file("nothing.js").expect("readable"), None);
    }
}
