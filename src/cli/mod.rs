//! The command line: one file per command. A command reads its arguments, calls the library, tells what happened and
//! answers with an [`Outcome`]; errors are printed here and nowhere else.
//!
//! Adding a command takes a file with its `Args` and `run`, a variant of `Command` and a line in `Command::run`.

mod audit;
mod backup;
mod blocking;
mod compact;
mod dedupe;
mod demo;
mod digest;
mod evaluate;
mod explain;
pub mod input;
pub mod keys;
pub mod launch;
mod matching;
mod openapi;
pub mod output;
mod page;
pub mod printable;
pub mod push;
mod rebuild;
mod report;
mod restore;
mod secret_file;
mod serve;
mod simulate;
pub mod terminal;
mod train;
mod truth;
mod verify;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use rustix::fs::Mode;

use self::terminal::{Form, Terminal, json_line, talk};

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  failed; the message says what and what to do next
  2  called in a wrong way
  3  done, and rows were refused";

/// Brings agencies' lists of social-assistance beneficiaries together: who is the same person, who is paid twice, who is
/// left out.
#[derive(Debug, Parser)]
#[command(name = "padan", version, after_help = AFTER_HELP, max_term_width = 100, subcommand_required = true)]
pub struct Cli {
    /// Speak JSON: the result on stdout, progress and errors on stderr.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Push(push::Args),
    Report(report::Args),
    Digest(digest::Args),
    Verify(verify::Args),
    Rebuild(rebuild::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Compact(compact::Args),
    Audit(audit::Args),
    Dedupe(dedupe::Args),
    Train(train::Args),
    Blocking(blocking::Args),
    Explain(explain::Args),
    Evaluate(evaluate::Args),
    Simulate(simulate::Args),
    Keys(keys::Args),
    Openapi(openapi::Args),
}

impl Command {
    fn run(self, terminal: Terminal) -> Result<Outcome, CliError> {
        match self {
            Self::Demo(args) => demo::run(&args, terminal),
            Self::Serve(args) => serve::run(&args, terminal),
            Self::Push(args) => push::run(&args, terminal),
            Self::Report(args) => report::run(&args, terminal),
            Self::Digest(args) => digest::run(&args, terminal),
            Self::Verify(args) => verify::run(&args, terminal),
            Self::Rebuild(args) => rebuild::run(&args, terminal),
            Self::Backup(args) => backup::run(&args, terminal),
            Self::Restore(args) => restore::run(&args, terminal),
            Self::Compact(args) => compact::run(&args, terminal),
            Self::Audit(args) => audit::run(&args, terminal),
            Self::Dedupe(args) => dedupe::run(&args, terminal),
            Self::Train(args) => train::run(&args, terminal),
            Self::Blocking(args) => blocking::run(&args, terminal),
            Self::Explain(args) => explain::run(&args, terminal),
            Self::Evaluate(args) => evaluate::run(&args, terminal),
            Self::Simulate(args) => simulate::run(&args, terminal),
            Self::Keys(args) => keys::run(&args, terminal),
            Self::Openapi(openapi::Args {}) => Ok(openapi::run()),
        }
    }
}

/// The threads a command that serves or opens a store runs on.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| CliError::failed("starting threads", error))
}

/// What to do about a configuration that cannot be read.
const SETTINGS_HINT: &str = "config/padan.example.toml is a configuration with every setting explained";

/// How a command ended when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything done.
    Done,
    /// Done, and something is to be looked at: rows were refused or without effect, or an alarm was raised.
    Refused,
}

/// Why a command did not do what it was asked: the one error that reaches the user.
#[derive(Debug)]
pub struct CliError {
    kind: Kind,
    doing: String,
    cause: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failed,
    WrongCall,
}

impl CliError {
    /// The work failed. `doing` says what was being done: `pushing bank-rekening.ndjson`.
    pub fn failed(doing: impl Into<String>, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: Kind::Failed, doing: doing.into(), cause: Box::new(cause), hint: None }
    }

    /// The command was called in a way that cannot work.
    pub fn wrong_call(doing: impl Into<String>, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: Kind::WrongCall, ..Self::failed(doing, cause) }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::WrongCall => 2,
        }
    }

    fn causes(&self) -> Vec<String> {
        let sentence = |error: &dyn Error| error.to_string().trim_end().to_owned();
        let mut causes = vec![sentence(self.cause.as_ref())];
        let mut source = self.cause.source();
        while let Some(error) = source {
            causes.push(sentence(error));
            source = error.source();
        }
        // Some libraries repeat their cause in their own sentence.
        causes.dedup_by(|inner, outer| outer.ends_with(inner.as_str()));
        causes
    }

    /// The message as it is printed.
    fn text(&self) -> String {
        let causes = self.causes();
        let mut text = format!("error: {}: {}", self.doing, causes[0]);
        for cause in &causes[1..] {
            text.push_str("\n  caused by: ");
            text.push_str(cause);
        }
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        text
    }

    fn json(&self) -> String {
        json_line(&serde_json::json!({
            "error": {"doing": self.doing, "causes": self.causes(), "hint": self.hint, "exit_code": self.exit_code()},
        }))
    }
}

/// The address of a store may hold a password: what is wrong with it is told, and it is not repeated.
fn without_secrets(mut answer: clap::Error) -> clap::Error {
    let of_store = |value: &ContextValue| matches!(value, ContextValue::String(name) if name.starts_with("--store "));
    if answer.get(ContextKind::InvalidArg).is_some_and(of_store) && answer.get(ContextKind::InvalidValue).is_some() {
        answer.insert(ContextKind::InvalidValue, ContextValue::String("(not shown)".to_owned()));
    }
    answer
}

/// Runs the command that the arguments name and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => {
            let answer = without_secrets(answer);
            // Help and version are answers too; clap knows which stream each belongs to.
            let _ = answer.print();
            return ExitCode::from(answer.exit_code() as u8);
        }
    };
    // What commands leave is about people: keys, stores, receipts, lists. Whoever wants to share it changes its mode.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let terminal = Terminal::new(cli.json.then_some(Form::Json));
    match cli.command.run(terminal) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(3),
        Err(error) => {
            talk(&if terminal.form() == Form::Json { error.json() } else { error.text() });
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer thing: the inner thing")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the inner thing")]
    struct Inner(#[source] std::io::Error);

    #[test]
    fn a_refused_address_of_a_store_is_not_repeated() {
        for store in ["mysql://padan:rahasia@db/padan", "postgres://padan:rahasia@db/padan?ssl=ya"] {
            let answer = Cli::try_parse_from(["padan", "verify", "--config", "p.toml", "--store", store]);
            let told = without_secrets(answer.expect_err("refused")).to_string();
            assert!(told.contains("for '--store <URL>': ") && !told.contains("rahasia"), "{told}");
        }
    }

    #[test]
    fn errors_say_what_why_and_what_next() {
        let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let cases = [
            (CliError::failed("reading a.csv", io()), 1, "error: reading a.csv: permission denied"),
            (
                CliError::wrong_call("reading", Outer(Inner(io()))).hint(Some("do that")),
                2,
                "error: reading: the outer thing: the inner thing\n  caused by: permission denied\nhint: do that",
            ),
        ];
        for (error, code, text) in cases {
            assert_eq!((error.text().as_str(), error.exit_code()), (text, code));
            let json: serde_json::Value = serde_json::from_str(&error.json()).expect("JSON");
            assert_eq!(json["error"]["exit_code"], code);
        }
    }

    #[test]
    fn every_command_teaches() {
        let mut cli = Cli::command();
        cli.build();
        let leaves = |command: &clap::Command| -> Vec<clap::Command> {
            if command.has_subcommands() { command.get_subcommands().cloned().collect() } else { vec![command.clone()] }
        };
        let commands: Vec<clap::Command> =
            cli.get_subcommands().filter(|command| command.get_name() != "help").flat_map(leaves).collect();
        assert!(commands.len() >= 4);
        for mut command in commands.into_iter().filter(|command| command.get_name() != "help") {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{}: no example", command.get_name());
            assert!(command.get_about().is_some(), "{}: does not say what it does", command.get_name());
        }
        assert!(cli.render_long_help().to_string().contains("Exit codes"));
    }
}
