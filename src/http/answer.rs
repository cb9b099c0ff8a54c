//! The body of an answer on its way out: handed over in small slices of what is shared, so that an answer costs each of its
//! readers a slice and not a copy, and so that it is seen when a reader takes nothing.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::door::Turn;

/// Bytes that are handed over at a time.
const SLICE: usize = 16 << 10;

/// An answer of which somebody knows how far it has got.
pub(super) struct Answer<B> {
    body: Pin<Box<B>>,
    rest: Bytes,
    turn: Option<Turn>,
}

impl<B> Answer<B> {
    /// The answer of a turn; without one, of a test.
    pub(super) fn new(body: B, turn: Option<Turn>) -> Self {
        Self { body: Box::pin(body), rest: Bytes::new(), turn }
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            this.turn.iter().for_each(Turn::waits);
            match ready!(this.body.as_mut().poll_next(cx)) {
                Some(Ok(bytes)) => this.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let slice = this.rest.split_to(this.rest.len().min(SLICE));
        this.turn.iter().for_each(Turn::sends);
        Poll::Ready(Some(Ok(slice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;

    #[tokio::test]
    async fn a_shared_body_is_handed_over_in_slices_of_itself() {
        let shared = Bytes::from(vec![7; SLICE * 2 + 1]);
        let mut answer = Answer::new(shared.clone(), None);
        assert_eq!(answer.size(), BodySize::Sized(shared.len() as u64));
        let mut at = 0;
        while let Some(slice) = poll_fn(|cx| Pin::new(&mut answer).poll_next(cx)).await {
            let slice = slice.expect("bytes");
            assert_eq!(slice.as_ptr(), shared[at..].as_ptr(), "no copy");
            at += slice.len();
        }
        assert_eq!(at, shared.len());
    }
}
