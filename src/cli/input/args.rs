//! The arguments of every command that reads lists.

use encoding_rs::Encoding;

use super::{Format, IdWanted, InputOptions, Meaning, Wanted};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};

/// How the inputs are read.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ReadArgs {
    /// The id column of files that are not feeds.
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// The encoding of text files that are neither UTF-8 nor UTF-16, as windows-1252.
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<&'static Encoding>,
    /// What an input is whose name does not say it: - (standard input), a pipe, another ending.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
}

impl ReadArgs {
    /// The options for reading these columns.
    pub fn options(&self, wanted: Wanted) -> InputOptions {
        let id = self.id.clone().map_or(IdWanted::Known, IdWanted::Column);
        let today = Some(day_in_jakarta(SystemClock.now()));
        InputOptions { id, wanted, meaning: Meaning::States, encoding: self.encoding, format: self.format, today }
    }
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    let known = Encoding::for_label(name.as_bytes());
    known.ok_or_else(|| "there is no such encoding; some are windows-1252, iso-8859-15, utf-16le, utf-8".to_owned())
}
