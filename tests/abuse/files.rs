//! The limit of open files.

use std::process::{Command, Stdio};

use crate::attack::is_ended;
use crate::gateway::{self, Target};
use crate::load;

/// `padan serve` under a limit of open files that it cannot raise.
fn limited(config: &std::path::Path, files: usize) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {files}; exec \"$0\" serve --config \"$1\"");
    command.args(["-c", &script]).arg(env!("CARGO_BIN_EXE_padan")).arg(config);
    command
}

#[test]
fn too_few_open_files_are_told_at_start() {
    let prepared = gateway::prepare(|_| {});
    let output = limited(&prepared.config, 24).stdin(Stdio::null()).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("may have 24 open files and needs at least 256"), "{told}");
    assert!(told.contains("hint: raise the limit") && !told.contains("listens"), "{told}");
}

async fn hold(target: Target) -> bool {
    match target.tls("http/1.1").await {
        Ok(tls) => is_ended(tls).await,
        Err(_) => true,
    }
}

#[tokio::test]
async fn with_few_open_files_strangers_make_room() {
    let prepared = gateway::prepare(|_| {});
    let command = limited(&prepared.config, 300);
    let gateway = prepared.start(command);
    assert!(gateway.process.told().contains("leaves room for fewer connections"), "{}", gateway.process.told());
    let report = load::run(&gateway, "300 files", (0..400).map(|_| hold(gateway.target.clone()))).await;
    report.is_calm(64);
    assert_eq!(report.ended, 400, "{report:?}");
}
