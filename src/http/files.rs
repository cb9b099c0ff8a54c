//! Open files: every connection is one, so there cannot be more connections than the system lets the process have files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::config::Config;

/// Files of the store, the log, timers and the work of every thread.
const RESERVE: u64 = 128;
/// Connections without which serving makes no sense.
const FEWEST: u64 = 128;

/// The process may not have enough open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the process may have {allowed} open files and needs at least {} (ulimit -n)", RESERVE + FEWEST)]
pub struct FilesError {
    allowed: u64,
}

/// Raises the limit of open files as far as it goes. The answer is for how many connections there is room.
pub fn make_room(config: &Config) -> Result<usize, FilesError> {
    let wanted = wanted(config);
    let room = room(raised(), wanted)?;
    if room < wanted {
        tracing::warn!(
            connections = room,
            wanted,
            "the limit of open files leaves room for fewer connections than are configured; raise it (ulimit -n)"
        );
    }
    Ok(room)
}

/// Connections that the settings allow, over all workers.
fn wanted(config: &Config) -> usize {
    config.limits.max_connections.saturating_mul(config.workers())
}

fn room(allowed: u64, wanted: usize) -> Result<usize, FilesError> {
    let room = allowed.checked_sub(RESERVE).filter(|room| *room >= FEWEST).ok_or(FilesError { allowed })?;
    Ok(usize::try_from(room).map_or(wanted, |room| room.min(wanted)))
}

/// The soft limit, after it was raised to the hard one.
fn raised() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let now = if raised.is_ok() { maximum } else { current };
    now.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_what_is_left_of_the_files() {
        assert_eq!(room(24, 100), Err(FilesError { allowed: 24 }));
        assert_eq!(room(255, 100), Err(FilesError { allowed: 255 }));
        assert_eq!(room(256, 10_000), Ok(128));
        assert_eq!(room(1_024, 20_000), Ok(896));
        assert_eq!(room(1 << 20, 20_000), Ok(20_000));
        assert!(FilesError { allowed: 24 }.to_string().contains("24 open files and needs at least 256"));
    }
}
