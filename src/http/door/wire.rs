//! The bytes of one connection on their way to and from HTTP. A wire ends a connection that is due to end, reads from
//! strangers at their pace, notices a reader that does not read, and says what the HTTP layer does not say by itself.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::web::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::{Connection, End, Open, Portion, Verdict};
use super::pace::Pace;
use super::words::Words;
use crate::telemetry::metric;

/// What an HTTP layer writes to and reads from.
pub(crate) struct Wire<IO> {
    io: IO,
    open: Open,
    timer: Pin<Box<Sleep>>,
    pace: Pace,
    flood: Duration,
    /// Since when nothing of what is to be written was taken, and how often the socket had taken some before.
    blocked: Option<(Instant, u64)>,
    words: Words,
    /// What is written in the place of bytes of the HTTP layer, and of how many of those.
    instead: Option<(Bytes, usize)>,
    /// The layer above was given a little and has not looked at it yet.
    gave_little: bool,
    over: bool,
}

/// Bytes that are given at a time where the layer above would take in anything.
const LITTLE: usize = 512;

/// How an end is told that is nobody's fault.
const POLITE: io::ErrorKind = io::ErrorKind::ConnectionAborted;

/// How a wire is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Bytes a second from a stranger.
    pub(crate) bytes_per_s: u64,
    /// How long a stranger may send more.
    pub(crate) flood: Duration,
    /// What is said for the HTTP layer.
    pub(crate) words: Words,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Wire<IO> {
    /// Around an open stream.
    pub(crate) fn new(io: IO, open: Open, setup: Setup) -> Self {
        let now = Instant::now();
        Self {
            io,
            open,
            timer: Box::pin(sleep_until(now)),
            pace: Pace::new(setup.bytes_per_s, now),
            flood: setup.flood,
            blocked: None,
            words: setup.words,
            instead: None,
            gave_little: false,
            over: false,
        }
    }

    /// What is known of the connection.
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        self.open.connection()
    }

    /// Waits until the connection has to end, or until `next`; whoever waits is woken when it is worth another look.
    fn watch(&mut self, cx: &mut Context<'_>, next: Option<Instant>) -> Poll<io::Error> {
        loop {
            let now = Instant::now();
            let due = match self.connection().verdict(now) {
                Verdict::Over(end) => return Poll::Ready(self.over(end)),
                Verdict::Go(due) => due,
                Verdict::Deaf => None,
            };
            let blocked = self.blocked_until(now);
            if blocked.is_some_and(|at| at <= now) {
                return Poll::Ready(self.over(End::Unread));
            }
            self.connection().listen(cx.waker());
            let Some(at) = [due, blocked, next].into_iter().flatten().min() else { return Poll::Pending };
            if self.timer.deadline() != at {
                self.timer.as_mut().reset(at);
            }
            ready!(self.timer.as_mut().poll(cx));
            if next.is_some_and(|next| next <= Instant::now()) {
                // The layer above has to come again to read; the timer has used up its one call.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// When it will have been blocked for too long.
    fn blocked_until(&mut self, now: Instant) -> Option<Instant> {
        let taken = self.connection().taken();
        let (since, before) = self.blocked?;
        let since = if before == taken { since } else { now };
        self.blocked = Some((since, taken));
        Some(since + self.connection().answer_idle())
    }

    fn over(&mut self, end: End) -> io::Error {
        if !std::mem::replace(&mut self.over, true) {
            metrics::counter!(metric::CONNECTIONS_ENDED, "reason" => end.name()).increment(1);
            tracing::debug!(reason = end.name(), "a connection was ended");
        }
        io::Error::new(if end.is_polite() { POLITE } else { io::ErrorKind::TimedOut }, end.name())
    }

    /// The end of reading: of a connection that is only not needed any more it is the end of the stream.
    fn end_of_reading(&mut self, cx: &mut Context<'_>, error: io::Error) -> Poll<io::Result<()>> {
        if error.kind() != POLITE {
            return Poll::Ready(Err(error));
        }
        if let Some(farewell) = self.words.farewell().filter(|_| self.blocked.is_none()) {
            // Whoever does not hear it sees the end of the stream.
            let _ = Pin::new(&mut self.io).poll_write(cx, farewell);
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing when bytes may be read now; otherwise what to answer instead.
    fn may_read(&mut self, cx: &mut Context<'_>) -> Option<Poll<io::Result<()>>> {
        let now = Instant::now();
        match self.connection().verdict(now) {
            Verdict::Over(end) => {
                let error = self.over(end);
                return Some(self.end_of_reading(cx, error));
            }
            Verdict::Deaf => return Some(Poll::Ready(Ok(()))),
            Verdict::Go(_) => {}
        }
        let (next, since) = self.connection().is_paced().then(|| self.pace.next(now)).flatten()?;
        if since + self.flood <= now {
            return Some(Poll::Ready(Err(self.over(End::Flood))));
        }
        Some(self.watch(cx, Some(next)).map(Err))
    }

    fn heard(&mut self, bytes: usize) {
        self.connection().heard(bytes, self.words.is_http_1());
        if self.connection().is_paced() {
            self.pace.spend(bytes, Instant::now());
        }
    }

    /// Writes what stands in the place of the layer's own bytes; then says how many of these are done with.
    fn write_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((bytes, _)) = &mut self.instead {
            if bytes.is_empty() {
                let written = self.instead.take().map_or(0, |(_, of)| of);
                return Poll::Ready(Ok(written));
            }
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
            drop(bytes.split_to(written));
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(0))
    }

    /// Notes whether the reader takes anything; ends the connection of one that does not.
    fn wrote<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.blocked = None;
            return written;
        }
        let taken = self.connection().taken();
        self.blocked.get_or_insert_with(|| (Instant::now(), taken));
        self.watch(cx, None).map(Err)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(answer) = this.may_read(cx) {
            return answer;
        }
        let before = buf.filled().len();
        let read = this.read_portion(cx, buf);
        if read.is_pending() {
            return match this.watch(cx, None) {
                Poll::Ready(error) => this.end_of_reading(cx, error),
                // What was looked at may have become due to be deaf while it waited.
                Poll::Pending => this.deaf_now(),
            };
        }
        this.heard(buf.filled().len() - before);
        read
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Wire<IO> {
    /// Reads as much as the layer above may have at a time.
    fn read_portion(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.connection().portion(self.words.is_http_1()) {
            Portion::All => return Pin::new(&mut self.io).poll_read(cx, buf),
            Portion::Nothing => return Poll::Pending,
            Portion::Little => {}
        }
        if std::mem::take(&mut self.gave_little) {
            // It looks at what it has, and comes again.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut bytes = [0; LITTLE];
        let mut little = ReadBuf::new(&mut bytes[..LITTLE.min(buf.remaining())]);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut little))?;
        buf.put_slice(little.filled());
        self.gave_little = true;
        Poll::Ready(Ok(()))
    }

    fn deaf_now(&self) -> Poll<io::Result<()>> {
        match self.connection().verdict(Instant::now()) {
            Verdict::Deaf => Poll::Ready(Ok(())),
            Verdict::Go(_) | Verdict::Over(_) => Poll::Pending,
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_none() {
            this.instead = this.words.instead_of(buf);
        }
        let written = match this.instead {
            Some(_) => this.write_instead(cx),
            None => Pin::new(&mut this.io).poll_write(cx, buf),
        };
        this.wrote(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.instead.is_some() || self.words.may_replace() {
            let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &**buf);
            return self.poll_write(cx, first);
        }
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(cx);
        this.wrote(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let ended = Pin::new(&mut this.io).poll_shutdown(cx);
        this.wrote(cx, ended)
    }
}
