//! Files with a secret that the user brings along. They are used as they are: a command that refused a token because of its
//! mode would stop a nightly push, and whoever can read the file has the token already. But it is said.

use std::path::Path;

use super::terminal::Terminal;
use crate::store::private::open_to_others;

/// Says so where other accounts can read a file that holds a secret. `what` it is: `the token`.
pub(super) fn warn_if_open(path: &Path, what: &str, terminal: Terminal) {
    if let Some(mode) = open_to_others(path) {
        let path = path.display();
        terminal.say(&format!("warning: other accounts can read {what} in {path} (mode {mode:04o}); chmod 600 {path}"));
    }
}
