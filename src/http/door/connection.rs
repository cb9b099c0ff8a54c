//! What is known of one open connection. The wire that carries it, the list of strangers and the layer around every
//! request all hold it, so each can see what the others saw and any of them can end it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::strangers::Strangers;

/// How long, and how much, is still read from a caller whose body was refused: time for the answer to arrive.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;
/// The server's own time-outs of the same length come first, because they can answer.
const MARGIN: Duration = Duration::from_secs(1);

/// Why a connection was ended by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// There were too many strangers, and this was the oldest.
    Crowded,
    /// The handshake took too long.
    Handshake,
    /// No request came.
    NoRequest,
    /// A request did not come to the end of its head.
    SlowHead,
    /// Nothing was asked any more.
    Idle,
    /// Nothing of an answer was taken.
    Unread,
    /// A stranger went on sending more than is read.
    Flood,
    /// It went on opening streams beyond the limit.
    Streams,
}

impl End {
    /// Whether nobody did anything wrong: the connection is not needed any more.
    pub(crate) fn is_polite(self) -> bool {
        matches!(self, Self::Idle | Self::NoRequest)
    }

    /// As the metric names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crowded => "crowded",
            Self::Handshake => "handshake",
            Self::NoRequest => "no_request",
            Self::SlowHead => "slow_head",
            Self::Idle => "idle",
            Self::Unread => "unread",
            Self::Flood => "flood",
            Self::Streams => "streams",
        }
    }
}

/// The limits in time of every connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) keep_alive: Duration,
    /// In which some of an answer has to be taken.
    pub(crate) answer: Duration,
}

/// One open connection.
pub(crate) struct Connection {
    address: IpAddr,
    strangers: Arc<Strangers>,
    times: Times,
    max_streams: usize,
    known: AtomicBool,
    spoke: AtomicBool,
    /// How often the socket took bytes.
    taken: AtomicU64,
    waker: AtomicWaker,
    state: Mutex<State>,
}

struct State {
    /// Its place among the strangers, while it is one.
    place: Option<u64>,
    /// Requests that are being answered.
    in_flight: usize,
    /// Whether the last of them has a body.
    takes_body: bool,
    /// Requests so far.
    requests: u64,
    /// Requests beyond the limit so far.
    beyond: usize,
    /// When the last answer was sent; when it was opened, before.
    idle_since: Instant,
    /// When the first byte behind the last answer came.
    head_since: Option<Instant>,
    /// Answers of which a piece waits for the reader, and since when.
    sending: Vec<(u64, Instant)>,
    /// Until when, and how much, is still read.
    closing: Option<(Instant, usize)>,
    end: Option<End>,
}

/// What a wire may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on; there is something to look at then, if at all.
    Go(Option<Instant>),
    /// Read no more.
    Deaf,
    /// End.
    Over(End),
}

/// How much may be read at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Portion {
    /// Nothing until an answer is sent.
    Nothing,
    /// As much as a head has.
    Little,
    /// Whatever is there.
    All,
}

impl Connection {
    /// A connection that was just accepted: a stranger.
    pub(crate) fn new(address: IpAddr, strangers: &Arc<Strangers>, times: Times, max_streams: u32) -> Arc<Self> {
        let state = State {
            place: None,
            in_flight: 0,
            takes_body: false,
            requests: 0,
            beyond: 0,
            idle_since: Instant::now(),
            head_since: None,
            sending: Vec::new(),
            closing: None,
            end: None,
        };
        let connection = Arc::new(Self {
            address,
            strangers: Arc::clone(strangers),
            times,
            max_streams: max_streams as usize,
            known: AtomicBool::new(false),
            spoke: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            waker: AtomicWaker::new(),
            state: Mutex::new(state),
        });
        connection.become_a_stranger();
        connection
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Its caller has shown a good token or session.
    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// The caller showed a good token or session.
    pub(crate) fn show_right(&self) {
        if !self.known.swap(true, Ordering::Relaxed) {
            self.leave();
        }
    }

    /// A request with a body was refused: whoever sends on is a stranger again. Without streams the connection ends.
    pub(crate) fn refuse_body(self: &Arc<Self>, whole_connection: bool) {
        if self.known.swap(false, Ordering::Relaxed) {
            self.become_a_stranger();
        }
        if whole_connection {
            self.lock().closing.get_or_insert((Instant::now() + LINGER, LINGER_BYTES));
        }
    }

    fn become_a_stranger(self: &Arc<Self>) {
        let place = self.strangers.enter(self);
        self.lock().place = Some(place);
        if self.spoke.load(Ordering::Relaxed) {
            self.strangers.heard(self.address, place);
        }
    }

    /// Takes it off the list of strangers.
    pub(crate) fn leave(&self) {
        let place = self.lock().place.take();
        if let Some(place) = place {
            self.strangers.leave(self.address, place);
        }
    }

    /// Whether what is read from it is measured.
    pub(crate) fn is_paced(&self) -> bool {
        !self.is_known() && !self.strangers.is_proxy(self.address)
    }

    /// Ends it as soon as its task runs.
    pub(crate) fn end(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.waker.wake();
    }

    /// Whose task is to be woken by [`Connection::end`].
    pub(crate) fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// The handshake has ended; from now on requests are awaited.
    pub(crate) fn opened(&self) {
        self.lock().idle_since = Instant::now();
    }

    /// The first bytes came, before TLS.
    pub(crate) fn spoke(&self) {
        if self.spoke.swap(true, Ordering::Relaxed) {
            return;
        }
        let place = self.lock().place;
        if let Some(place) = place {
            self.strangers.heard(self.address, place);
        }
    }

    /// The other side made room for some bytes.
    pub(crate) fn took_some(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the other side made room so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Bytes came in. Behind an answer of HTTP/1 they are the head of the next request.
    pub(crate) fn heard(&self, bytes: usize, heads_are_seen: bool) {
        let mut state = self.lock();
        if heads_are_seen && state.in_flight == 0 && bytes > 0 {
            state.head_since.get_or_insert_with(Instant::now);
        }
        if let Some((_, left)) = &mut state.closing {
            *left = left.saturating_sub(bytes);
        }
    }

    /// How much may be read at a time. The layer above takes in all that it finds before anybody looks at it: HTTP/1 makes
    /// a request of every head, however many wait already, HTTP/2 keeps every frame. So it is given little, and no head while
    /// a request before it is answered.
    pub(crate) fn portion(&self, heads_in_a_row: bool) -> Portion {
        let (busy, body) = {
            let state = self.lock();
            (state.in_flight > 0, state.takes_body)
        };
        match (heads_in_a_row, busy, body) {
            (true, true, false) => Portion::Nothing,
            (true, true, true) | (false, _, _) if self.is_known() => Portion::All,
            _ => Portion::Little,
        }
    }

    /// What is due now, or next.
    pub(crate) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.lock();
        if let Some(end) = state.end {
            return Verdict::Over(end);
        }
        let due = state.due(&self.times);
        if let Some((_, end)) = due.filter(|(at, _)| *at <= now) {
            return Verdict::Over(end);
        }
        match state.closing {
            Some((until, left)) if until <= now || left == 0 => Verdict::Deaf,
            Some((until, _)) => Verdict::Go(Some(due.map_or(until, |(at, _)| at.min(until)))),
            None => Verdict::Go(due.map(|(at, _)| at)),
        }
    }

    /// Time in which some of what is written has to be taken.
    pub(crate) fn answer_idle(&self) -> Duration {
        self.times.answer
    }

    /// No code that holds this lock can leave it half-changed, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What ends the connection next unless something happens before.
    fn due(&self, times: &Times) -> Option<(Instant, End)> {
        if let Some(since) = self.sending.iter().map(|(_, since)| *since).min() {
            return Some((since + times.answer, End::Unread));
        }
        if self.in_flight > 0 {
            return None;
        }
        if self.requests == 0 {
            return Some((self.idle_since + times.head + MARGIN, End::NoRequest));
        }
        let idle = (self.idle_since + times.keep_alive + MARGIN, End::Idle);
        let head = self.head_since.map(|since| (since + times.head, End::SlowHead));
        Some(head.filter(|head| head.0 < idle.0).unwrap_or(idle))
    }
}

/// One request on a connection, from its head until its answer is sent or given up.
pub(crate) struct Turn {
    connection: Arc<Connection>,
    number: u64,
}

impl Turn {
    /// A request came; nothing where there are too many at a time. A connection that goes on so ends.
    pub(crate) fn begin(connection: &Arc<Connection>, takes_body: bool) -> Option<Self> {
        let mut state = connection.lock();
        if state.in_flight >= connection.max_streams {
            state.beyond += 1;
            let goes_on = state.beyond > connection.max_streams;
            drop(state);
            if goes_on {
                connection.end(End::Streams);
            }
            return None;
        }
        state.requests += 1;
        state.in_flight += 1;
        state.takes_body = takes_body;
        state.head_since = None;
        let number = state.requests;
        drop(state);
        Some(Self { connection: Arc::clone(connection), number })
    }

    /// A piece of the answer was handed out: from now on the reader is awaited.
    pub(crate) fn sends(&self) {
        let mut state = self.connection.lock();
        state.sending.retain(|(number, _)| *number != self.number);
        state.sending.push((self.number, Instant::now()));
    }

    /// There is nothing to be sent at the moment.
    pub(crate) fn waits(&self) {
        self.connection.lock().sending.retain(|(number, _)| *number != self.number);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.connection.lock();
        state.sending.retain(|(number, _)| *number != self.number);
        state.in_flight -= 1;
        state.idle_since = Instant::now();
        drop(state);
        // What stands behind this request may be read now.
        self.connection.waker.wake();
    }
}

/// Holds a connection while its socket is open.
pub(crate) struct Open(Arc<Connection>);

impl Open {
    /// Until this is dropped the connection counts.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }

    /// The connection.
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.leave();
    }
}
