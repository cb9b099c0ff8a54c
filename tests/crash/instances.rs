//! Two instances of one store: the second is refused, from another process and from the same one, and the first goes on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use padan::store::{StoreError, Table, WriteBatch};

use crate::child::{REFUSED, ask_role, block_on, tell};
use crate::exam::Exam;
use crate::site::Site;
use crate::tally::{Rule, Tally};
use crate::workload::{commit, open};

/// `ADDRESS`: opens the store, tries to open it a second time, waits for a line, writes.
pub(crate) fn hold(arguments: &[String]) -> u8 {
    let [address] = arguments else { panic!("one argument") };
    let store = match open(address) {
        Ok(store) => store,
        Err(error) => {
            tell("locked", u64::from(matches!(error, StoreError::Locked)));
            return REFUSED;
        }
    };
    tell("second_locked", u64::from(matches!(open(address), Err(StoreError::Locked))));
    tell("held", 1);
    // The parent closes its end when it is done.
    let _ = std::io::stdin().read(&mut [0]);
    let mut batch = WriteBatch::new();
    batch.put(Table::Rows, *b"k", *b"v");
    tell("committed", u64::from(block_on(commit(&*store, batch)).is_ok()));
    0
}

/// The case.
pub(crate) fn run(exam: &Exam) -> Vec<Tally> {
    let names = [
        ("second instances refused", Rule::Some),
        ("let in", Rule::Zero),
        ("first instances disturbed", Rule::Zero),
        ("stores still held afterwards", Rule::Zero),
    ];
    let mut tally = Tally::new("instances", "two instances of one store", &names);
    let site = Site::new(exam);
    let mut first = Exam::child("hold", &[&site.address()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(first.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let in_process = lines.next();
    assert_eq!(lines.next().as_deref(), Some("held=1"), "the first instance opens");
    let refused = |is_refused: bool, tally: &mut Tally| {
        tally.add(if is_refused { "second instances refused" } else { "let in" }, 1);
    };
    refused(in_process.as_deref() == Some("second_locked=1"), &mut tally);
    let other = ask_role("hold", &[&site.address()]);
    refused(other.is_refusal() && other.number("locked") == 1, &mut tally);
    first.stdin.take().expect("piped").write_all(b"\n").expect("told");
    let goes_on = lines.next().as_deref() == Some("committed=1");
    let ended = first.wait().expect("it ended").success();
    tally.add("first instances disturbed", u64::from(!(goes_on && ended)));
    let next = ask_role("check", &[&site.address(), site.aside_text()]);
    tally.add("stores still held afterwards", u64::from(!next.is_done()));
    vec![tally]
}
