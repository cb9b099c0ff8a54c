//! Abuse by strangers, and by who has a token, against the real command `padan serve`, with honest callers beside it. Few and
//! short here; with `ABUSE=full` as many and as long as README.md says, with figures printed.

mod attack;
mod files;
mod flood;
mod frames;
mod gateway;
mod load;
mod refused;
mod silent;
mod slow;
mod streams;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;
