//! What attackers have in common: to hold a connection and do little or nothing with it.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::load::{release, time};

/// Holds a connection without a word; whether the gateway ends it.
pub(crate) async fn is_ended(mut stream: impl AsyncRead + Unpin) -> bool {
    let mut byte = [0; 4096];
    let end = async { while let Ok(1..) = stream.read(&mut byte).await {} };
    timeout(release(), end).await.is_ok()
}

/// Sends a beginning, and then a byte every now and then; whether the gateway ends the connection.
pub(crate) async fn trickle(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, beginning: Vec<u8>) -> bool {
    let (reader, mut writer) = tokio::io::split(stream);
    let reading = tokio::spawn(is_ended(reader));
    let until = Instant::now() + release();
    let mut sent = writer.write_all(&beginning).await;
    while sent.is_ok() && Instant::now() < until && !reading.is_finished() {
        sleep(Duration::from_millis(500)).await;
        sent = async {
            writer.write_all(b"x").await?;
            writer.flush().await
        }
        .await;
    }
    sent.is_err() || reading.await.unwrap_or_default()
}

/// Sends one thing again and again as fast as it is taken; whether the gateway ends the connection.
pub(crate) async fn flood(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, piece: Vec<u8>) -> bool {
    let (reader, mut writer) = tokio::io::split(stream);
    let reading = tokio::spawn(is_ended(reader));
    let sending = async { while writer.write_all(&piece).await.is_ok() {} };
    if timeout(time() + release(), sending).await.is_ok() {
        return true;
    }
    reading.await.unwrap_or_default()
}
