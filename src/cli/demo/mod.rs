//! `padan demo`: the whole product on synthetic data, in one command.

mod stage;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use self::stage::{AGENCIES, Secrets, prepare};
use super::evaluate::against_truth;
use super::launch::{Launched, launch};
use super::output::{ClustersFile, publish};
use super::push::{ChunkLimits, Client, FileSummary, Patience, Session, declare, push_watched};
use super::serve::stop_signal;
use super::simulate::write_world;
use super::terminal::{Terminal, table, thousands};
use super::{CliError, Outcome, report, runtime};
use crate::domain::feed::Feed;
use crate::engine::evaluate::ClusterQuality;
use crate::service::answers::views::{Overview, ReportQuery};
use crate::service::clock::SystemClock;
use crate::simulate::World;

const HELP: &str = "\
Everything happens in one folder (a temporary one without --dir) and on loopback. The pages stay open until Ctrl-C.

Example:
  padan demo --persons 20000 --exit";

/// Simulates four agencies of one kabupaten, pushes their lists over TLS, matches them, prints what came out, and holds
/// it against the truth.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// How many persons.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    persons: u64,
    /// Another seed is another world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep everything here: world, keys, configuration, store.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// End when the tables are printed.
    #[arg(long)]
    exit: bool,
    /// Listen on this port; a free one without it.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

/// What the demo found, for `--json`.
#[derive(Debug, Serialize)]
struct Summary {
    files: Vec<FileSummary>,
    persons: u64,
    families: u64,
    persons_in_many_feeds: u64,
    open_cases: u64,
    quality: ClusterQuality,
    seconds: f64,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let temporary;
    let dir = if let Some(dir) = &args.dir {
        dir.clone()
    } else {
        temporary = stage::temporary_dir().map_err(|error| CliError::failed("making a folder", error))?;
        temporary.path().to_owned()
    };
    let started = Instant::now();
    let world = World::new(args.seed, args.persons, "3201");
    terminal.say(&format!("1/5  simulating {} persons in Kabupaten Bogor", thousands(args.persons)));
    // Paths in the configuration that is written there start at its own folder.
    let dir = std::path::absolute(dir).map_err(|error| CliError::failed("finding the folder", error))?;
    let world_dir = dir.join("dunia");
    write_world(&world, &world_dir, terminal)?;
    let (settings, secrets) = prepare(&dir, args.port, world.as_of)?;
    crate::telemetry::log(&settings.log).map_err(|error| CliError::failed("setting up the log", error))?;
    let metrics = crate::telemetry::metrics().map_err(|error| CliError::failed("setting up metrics", error))?;
    let runtime = runtime()?;
    terminal.say("2/5  starting the gateway on loopback, with TLS");
    let launched = runtime
        .block_on(launch(&settings, Arc::new(SystemClock), Some(metrics), std::future::pending()))
        .map_err(|error| CliError::failed("starting the gateway", error))?;
    let address = launched.address();
    terminal.say("3/5  pushing six feeds, each as its agency");
    let files = push_all(&format!("https://{address}"), &world_dir, &secrets, terminal)?;
    terminal.say("4/5  matching");
    let (overview, quality, gaps) = runtime.block_on(results(&launched, &world_dir))?;
    terminal.say("5/5  results");
    let summary = Summary {
        persons: overview.persons,
        families: overview.families,
        persons_in_many_feeds: overview.persons_in_many_feeds,
        open_cases: overview.open_cases,
        quality,
        seconds: started.elapsed().as_secs_f64(),
        files,
    };
    terminal.result(&summary, || text(&summary, &gaps));
    if !args.exit {
        terminal.say(&format!(
            "\nThe pages are open at https://{address}/ (certificate of this demo only)\n\
             Sign in with the access code: {}\n\
             To send a list of Dinas Sosial at /kirim, sign in with its code: {}\n\
             Who saw whom is at /jejak; sign in with the auditor's code: {}\n\
             The key of the audit log, for padan audit verify: {}\nCtrl-C ends the demo.",
            secrets.steward,
            secrets.agency(AGENCIES[0].name),
            secrets.auditor,
            secrets.audit_key
        ));
        runtime.block_on(async { stop_signal().await });
    }
    runtime.block_on(launched.stop()).map_err(|error| CliError::failed("stopping the gateway", error))?;
    Ok(Outcome::Done)
}

/// Pushes every feed as its agency would, and then says which are complete.
fn push_all(to: &str, world: &Path, secrets: &Secrets, terminal: Terminal) -> Result<Vec<FileSummary>, CliError> {
    let doing = |feed: Feed| format!("pushing {feed}");
    let mut summaries = Vec::new();
    for agency in AGENCIES {
        let client = Client::new(to, &secrets.agency(agency.name), Some(secrets.ca.as_bytes()))
            .map_err(|error| CliError::failed("connecting to the gateway", error))?;
        let session = Session { transport: &client, patience: Patience::default(), pause: &std::thread::sleep };
        for feed in agency.kind.feeds() {
            let path = world.join(format!("{feed}.ndjson"));
            let pushed = push_watched(&session, &path, *feed, ChunkLimits::default(), terminal);
            summaries.push(pushed.map_err(|error| CliError::failed(doing(*feed), error))?);
        }
        let own = world.join(format!("kelengkapan-{}.json", agency.name));
        stage::split_completeness(&world.join("kelengkapan.json"), &own, agency.kind)
            .map_err(|error| CliError::failed("reading kelengkapan.json", error))?;
        declare(&session, &own, &mut |sentence| terminal.say(sentence))
            .map_err(|error| CliError::failed("declaring completeness", error))?;
    }
    Ok(summaries)
}

async fn results(launched: &Launched, world: &Path) -> Result<(Overview, ClusterQuality, String), CliError> {
    let failed = |error| CliError::failed("reading the results", error);
    let gateway = &launched.gateway;
    // Answers are as of the last step; what is printed is the end of the matching.
    gateway.settled().await;
    let clusters = gateway.clusters().await.map_err(failed)?;
    let overview = gateway.overview_for_operator().await.map_err(failed)?;
    let mut file = ClustersFile::create(world).map_err(|error| CliError::failed("writing clusters.csv", error))?;
    for member in clusters {
        let written = file.row(&member.row_id, &member.person.to_string());
        written.map_err(|error| CliError::failed("writing clusters.csv", error))?;
    }
    let written = file.finish().and_then(|file| publish(vec![file]));
    written.map_err(|error| CliError::failed("writing clusters.csv", error))?;
    let quality = against_truth(&world.join("kebenaran.csv"), &world.join("clusters.csv"))?;
    let report = gateway.report_for_operator(ReportQuery::default()).await.map_err(failed)?;
    Ok((overview, quality, report::text(&report)))
}

fn text(summary: &Summary, gaps: &str) -> String {
    let row = |file: &FileSummary| {
        let counts = file.counts;
        let numbers = [counts.baris, counts.diterima, counts.ditandai, counts.ditolak];
        [vec![file.feed.to_string()], numbers.map(thousands).to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = summary.files.iter().map(row).collect();
    let received = table(&["feed", "baris", "diterima", "ditandai", "ditolak"], &rows);
    let quality = &summary.quality.pairwise;
    format!(
        "Diterima\n{received}\nDicocokkan\n  {} persons in {} families; {} known to two or more feeds; {} cases for a steward\n\n\
         {gaps}\nHeld against the truth (pairs of rows of one person, linked without asking anybody)\n  \
         precision {:.4}   recall {:.4}   F1 {:.4}\n\n{:.1} s in all\n",
        thousands(summary.persons),
        thousands(summary.families),
        thousands(summary.persons_in_many_feeds),
        thousands(summary.open_cases),
        quality.precision,
        quality.recall,
        quality.f1,
        summary.seconds,
    )
}
