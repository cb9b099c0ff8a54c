//! A clock that is wrong takes nothing away.

use super::*;

const LIMIT: &str = "7d";

async fn guarded() -> Place {
    let place = Place::memory().await;
    history(&place).await;
    place
}

async fn compact_at(place: &Place, limit: Option<&str>) -> Result<Counts, RetentionError> {
    let clock_limit = limit.map(|text| text.parse().expect("an age"));
    compact(&*place.store, place.clock.now(), Rule { clock_limit, ..rule() }, Mode::Remove).await
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_of_the_journal_is_not_believed() {
    let place = guarded().await;
    place.clock.pass(400);
    let refused = compact_at(&place, Some(LIMIT)).await.expect_err("a year ahead");
    assert!(
        matches!(refused, RetentionError::Clock(_))
            && refused.hint().is_some_and(|hint| hint.contains("--trust-clock"))
    );
    assert_eq!(
        refused.to_string(),
        "the clock says 2026-07-26T08:00:00Z, more than 7d after what the journal tells of last (2025-06-21T08:00:00Z): nothing was taken away"
    );
    // Pushes that come under the wrong clock are no witnesses for it.
    place.push("ahead", &[row(9, "2025-05-03", 3)]).await;
    compact_at(&place, Some(LIMIT)).await.expect_err("still");
    assert_eq!(place.all(Table::Journal).await.len(), 4, "nothing went");
    place.clock.pass(2);
    assert!(compact_at(&place, Some(LIMIT)).await.is_ok(), "two days later it is the time that is");
}

#[tokio::test]
async fn a_clock_that_is_right_or_that_somebody_vouches_for_is() {
    let place = guarded().await;
    place.clock.pass(31);
    compact_at(&place, Some(LIMIT)).await.expect_err("nothing came for a month");
    assert_eq!(entries(&compact_at(&place, Some("40d")).await.expect("a longer limit")), [3, 3, 3, 3]);
    let place = guarded().await;
    place.clock.pass(400);
    assert_eq!(entries(&compact_at(&place, None).await.expect("--trust-clock")), [3, 3, 3, 3]);
    let place = guarded().await;
    for nth in 4..12 {
        place.clock.pass(5);
        place.push(&format!("push-{nth}"), &[row(nth, "2025-05-03", 3)]).await;
    }
    assert!(!compact_at(&place, Some(LIMIT)).await.expect("something comes every five days").is_empty());
}

#[tokio::test]
async fn a_gateway_with_a_wrong_clock_takes_nothing() {
    let place = guarded().await;
    let mut parts = parts(Arc::clone(&place.store), &place.clock, Some(RULE));
    parts.settings.retention.clock_limit = LIMIT.parse().expect("an age");
    let gateway = Gateway::open(parts).await.expect("a gateway");
    gateway.catch_up().await.expect("matched");
    place.clock.pass(400);
    gateway.keep_rule().await;
    assert!(gateway.compact().await.expect("nothing to do").is_empty());
    assert_eq!(place.all(Table::Journal).await.len(), 3);
}
