//! Everything that can be asked, in one list.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use metrics_exporter_prometheus::PrometheusHandle;

use super::api::{
    audit, batches, cases, completeness, explain, health, lists, overview, persons, receipts, records, reports,
    schemas, search,
};
use super::config::Config;
use super::docs;
use super::problem::{Code, Problem};
use super::steward;
use super::steward::attempts::Attempts;
use super::steward::session::Sessions;
use super::steward::uploads::Uploads;
use super::tls::Served;
use crate::auth::Clients;

/// Makes the route of a path: actix routes cannot be shared between workers.
type Endpoint = fn() -> Route;

/// The JSON interface: path and handler; those of one path stand together. `openapi` describes the same list.
pub(super) const API: &[(&str, Endpoint)] = &[
    ("/v1/feeds/{feed}/batches", || web::post().to(batches::push)),
    ("/v1/feeds/{feed}/mapping", || web::get().to(lists::mapping)),
    ("/v1/feeds/{feed}/mapping", || web::put().to(lists::keep)),
    ("/v1/feeds/{feed}/template", || web::get().to(lists::template)),
    ("/v1/feeds/{feed}/records", || web::post().to(records::push)),
    ("/v1/feeds/{feed}/completeness", || web::get().to(completeness::list)),
    ("/v1/feeds/{feed}/completeness", || web::put().to(completeness::declare)),
    ("/v1/batches/{id}", || web::get().to(batches::show)),
    ("/v1/batches/{id}/receipt", || web::get().to(receipts::show)),
    ("/v1/batches/{id}/receipt/proof", || web::get().to(audit::receipt)),
    ("/v1/persons/lookup", || web::post().to(persons::lookup)),
    ("/v1/persons/search", || web::post().to(search::search)),
    ("/v1/persons/{id}", || web::get().to(persons::show)),
    ("/v1/cases", || web::get().to(cases::list)),
    ("/v1/cases/{id}", || web::get().to(cases::show)),
    ("/v1/cases/{id}/verdict", || web::post().to(cases::decide)),
    ("/v1/explain", || web::post().to(explain::pair)),
    ("/v1/reports/complementarity", || web::get().to(reports::complementarity)),
    ("/v1/audit/key", || web::get().to(audit::key)),
    ("/v1/audit/checkpoint", || web::get().to(audit::checkpoint)),
    ("/v1/audit/tile/{path:.*}", || web::get().to(audit::tile)),
    ("/v1/audit/persons/{id}", || web::get().to(audit::person)),
    ("/v1/overview", || web::get().to(overview::show)),
    ("/v1/schemas/{feed}", || web::get().to(schemas::show)),
    ("/healthz", || web::get().to(health::alive)),
    ("/readyz", || web::get().to(health::ready)),
    ("/metrics", || web::get().to(health::metrics)),
];

/// Those of them that the second listener answers, on a worker of its own.
const ADMIN: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// What all workers share.
#[derive(Clone)]
pub(super) struct Shared {
    config: Data<Config>,
    clients: Data<Clients>,
    sessions: Data<Sessions>,
    attempts: Data<Attempts>,
    uploads: Data<Uploads>,
    served: Data<Served>,
    metrics: Data<Option<PrometheusHandle>>,
}

impl Shared {
    /// Wraps the parts.
    pub(super) fn new(
        config: &Config,
        clients: Clients,
        sessions: Sessions,
        served: Served,
        metrics: Option<PrometheusHandle>,
    ) -> Self {
        Self {
            config: Data::new(config.clone()),
            clients: Data::new(clients),
            sessions: Data::new(sessions),
            attempts: Data::new(Attempts::new(&config.limits)),
            uploads: Data::new(Uploads::new(&config.limits)),
            served: Data::new(served),
            metrics: Data::new(metrics),
        }
    }

    /// Puts everything into the application.
    pub(super) fn configure(&self, app: &mut ServiceConfig) {
        self.share(app);
        for of_path in API.chunk_by(|a, b| a.0 == b.0) {
            let resource = web::resource(of_path[0].0);
            app.service(of_path.iter().fold(resource, |resource, (_, handler)| resource.route(handler())));
        }
        steward::configure(app);
        docs::configure(app);
        app.default_service(web::to(nothing));
    }

    /// Puts what machines and the operator ask into an application of its own.
    pub(super) fn configure_admin(&self, app: &mut ServiceConfig) {
        self.share(app);
        for (path, handler) in API.iter().filter(|(path, _)| ADMIN.contains(path)) {
            app.service(web::resource(*path).route(handler()));
        }
        app.default_service(web::to(nothing));
    }

    fn share(&self, app: &mut ServiceConfig) {
        app.app_data(self.config.clone())
            .app_data(self.clients.clone())
            .app_data(self.sessions.clone())
            .app_data(self.attempts.clone())
            .app_data(self.uploads.clone())
            .app_data(self.served.clone())
            .app_data(self.metrics.clone());
    }
}

async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::NotFound, "no resource has this path; /docs/ lists them"))
}
