//! Log, trace and metric set-up; every metric name in one list. Knows nothing of the rest of Padan.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;

/// Names of metrics. Labels carry routes, feeds and codes, never values about people.
pub mod metric {
    /// What a metric of this name is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        /// Only grows.
        Counter,
        /// Goes up and down.
        Gauge,
        /// A distribution.
        Histogram,
    }

    /// Requests answered, by `route`, `method` and `status`.
    pub const HTTP_REQUESTS: &str = "padan_http_requests_total";
    /// Time from the request's head to the answer's head, by `route` and `method`.
    pub const HTTP_SECONDS: &str = "padan_http_request_duration_seconds";
    /// Connections that the gateway ended, by `reason`.
    pub const CONNECTIONS_ENDED: &str = "padan_connections_ended_total";
    /// Bytes of pushed bodies, by `feed`.
    pub const PUSHED_BYTES: &str = "padan_pushed_bytes_total";
    /// Rows that were pushed, by `feed` and `outcome` (`diterima`, `ditandai`, `ditolak`).
    pub const PUSHED_ROWS: &str = "padan_pushed_rows_total";
    /// Times that nobody could sign in with a code.
    pub const SIGN_IN_FAILURES: &str = "padan_sign_in_failures_total";

    /// Rows that became durable, by `feed`; a repeated push counts once.
    pub const ROWS_ACCEPTED: &str = "padan_rows_accepted_total";
    /// Rows that were refused, by `feed`; a repeated push counts once.
    pub const ROWS_REFUSED: &str = "padan_rows_refused_total";
    /// Rows acknowledged and not yet matched.
    pub const ROWS_WAITING: &str = "padan_rows_waiting";
    /// Time to match what was taken from the queue at once and to write what follows.
    pub const MATCH_SECONDS: &str = "padan_match_duration_seconds";
    /// Persons who resemble too many others to be asked about one by one.
    pub const CROWDED_PERSONS: &str = "padan_crowded_persons";

    /// Whole days until the certificate expires; negative afterwards.
    pub const CERTIFICATE_DAYS: &str = "padan_certificate_days_left";

    /// Entries that the retention rule took away, by `table`.
    pub const COMPACTED: &str = "padan_compacted_entries_total";

    /// All of them, with what they measure.
    pub const ALL: &[(&str, Kind, &str)] = &[
        (HTTP_REQUESTS, Kind::Counter, "Requests answered"),
        (HTTP_SECONDS, Kind::Histogram, "Seconds from request head to answer head"),
        (CONNECTIONS_ENDED, Kind::Counter, "Connections that the gateway ended"),
        (PUSHED_BYTES, Kind::Counter, "Bytes of pushed bodies"),
        (PUSHED_ROWS, Kind::Counter, "Rows that were pushed"),
        (SIGN_IN_FAILURES, Kind::Counter, "Failed attempts to sign in"),
        (ROWS_ACCEPTED, Kind::Counter, "Rows that became durable"),
        (ROWS_REFUSED, Kind::Counter, "Rows that were refused"),
        (ROWS_WAITING, Kind::Gauge, "Rows acknowledged and not yet matched"),
        (CROWDED_PERSONS, Kind::Gauge, "Persons who resemble too many others to be asked about one by one"),
        (CERTIFICATE_DAYS, Kind::Gauge, "Whole days until the certificate expires"),
        (COMPACTED, Kind::Counter, "Entries that the retention rule took away"),
        (MATCH_SECONDS, Kind::Histogram, "Seconds to match what was taken from the queue at once"),
    ];
}

/// Upper bounds of the time histogram, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Plain,
    /// One JSON object a line.
    Json,
}

/// What to log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Plain lines or JSON.
    pub format: LogFormat,
    /// Levels by target: `info`, `padan=debug,actix_server=warn`.
    pub filter: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { format: LogFormat::Plain, filter: "info,actix_server=warn".to_owned() }
    }
}

/// Why logging or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not a list of targets and levels.
    #[error("telemetry: the log filter cannot be read")]
    Filter(#[source] ParseError),
    /// There is a subscriber already.
    #[error("telemetry: logging was set up before")]
    Subscriber(#[source] TryInitError),
    /// There is a recorder already, or its buckets are wrong.
    #[error("telemetry: metrics could not be set up")]
    Recorder(#[source] BuildError),
}

/// Sends log lines to standard error for the rest of the process.
pub fn log(config: &Config) -> Result<(), TelemetryError> {
    use std::io::IsTerminal;
    use tracing_subscriber::util::SubscriberInitExt;
    let filter = EnvFilter::try_new(&config.filter).map_err(TelemetryError::Filter)?;
    let coloured = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    match config.format {
        LogFormat::Plain => lines.finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
    .map_err(TelemetryError::Subscriber)
}

/// Collects metrics for the rest of the process; the handle renders them.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(metric::HTTP_SECONDS.to_owned()), SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(TelemetryError::Recorder)?;
    for (name, kind, what) in metric::ALL {
        match kind {
            metric::Kind::Counter => metrics::describe_counter!(*name, *what),
            metric::Kind::Gauge => metrics::describe_gauge!(*name, *what),
            metric::Kind::Histogram => metrics::describe_histogram!(*name, *what),
        }
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_names_are_unique_and_ours() {
        let mut seen = std::collections::BTreeSet::new();
        for (name, _, what) in metric::ALL {
            assert!(name.starts_with("padan_") && seen.insert(name) && !what.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_an_error() {
        let config = Config { filter: "padan=loud=very".to_owned(), ..Config::default() };
        assert!(matches!(log(&config), Err(TelemetryError::Filter(_))));
    }
}
