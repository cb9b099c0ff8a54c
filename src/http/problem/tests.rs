use super::*;
use actix_web::body::to_bytes;

async fn document(problem: &Problem) -> (HttpResponse<()>, serde_json::Value) {
    let (head, body) = problem.document("REQUEST").into_parts();
    let body = to_bytes(body).await.expect("a body");
    (head, serde_json::from_slice(&body).expect("JSON"))
}

#[actix_web::test]
async fn every_code_makes_a_whole_document() {
    let mut seen = std::collections::BTreeSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
        assert_eq!(Code::of(code.as_str()), Some(*code));
        let (head, document) = document(&Problem::new(*code, "detail")).await;
        assert_eq!(head.status(), code.status());
        assert_eq!(head.headers().get(header::CONTENT_TYPE).expect("a type"), MEDIA_TYPE);
        assert_eq!(document["type"], format!("/masalah/{}", code.as_str()));
        assert_eq!(document["status"], code.status().as_u16());
        assert_eq!(document["request_id"], "REQUEST");
        for name in ["title", "judul", "detail", "code"] {
            assert!(document[name].as_str().is_some_and(|text| !text.is_empty()), "{} lacks {name}", code.as_str());
        }
        assert_ne!(document["title"], document["judul"]);
        assert!(document.get("errors").is_none(), "an empty list is left out");
    }
}

#[actix_web::test]
async fn every_service_error_has_its_status() {
    let store = || ServiceError::Store("disk gone at /var/padan".into());
    for (error, status, code) in [
        (ServiceError::Forbidden, 403, "FORBIDDEN"),
        (ServiceError::WrongFeed { feed: crate::domain::feed::Feed::Rekening }, 403, "WRONG_FEED"),
        (ServiceError::NotFound { what: "batch" }, 404, "NOT_FOUND"),
        (ServiceError::KeyReused, 422, "IDEMPOTENCY_KEY_REUSED"),
        (ServiceError::InFlight, 409, "IN_FLIGHT"),
        (ServiceError::Changed { what: "case" }, 409, "CHANGED"),
        (ServiceError::Compacted { at: crate::domain::date::Timestamp::UNIX_EPOCH }, 410, "COMPACTED"),
        (ServiceError::Invalid { pointer: "/alasan", problem: "is empty" }, 422, "FIELD_INVALID"),
        (ServiceError::Busy, 503, "BUSY"),
        (ServiceError::CallerBusy, 503, "CALLER_BUSY"),
        (ServiceError::NotReady, 503, "NOT_READY"),
        (ServiceError::Away("no route to 10.0.0.7".into()), 503, "NOT_READY"),
        (store(), 500, "INTERNAL"),
        (ServiceError::Corrupt { what: "rows".to_owned() }, 500, "INTERNAL"),
    ] {
        let (head, document) = document(&Problem::from(error)).await;
        assert_eq!((head.status().as_u16(), document["code"].as_str()), (status, Some(code)));
        assert_eq!(head.headers().contains_key(header::RETRY_AFTER), status == 503, "{code}");
    }
    let problem = Problem::from(store());
    assert!(format!("{problem:?}").contains("disk gone"), "the log hears the cause");
    assert!(!document(&problem).await.1.to_string().contains("disk gone"), "the caller does not");
}

#[actix_web::test]
async fn every_body_error_has_its_status() {
    for (error, status, code, words) in [
        (BodyError::Empty, 400, "BODY_EMPTY", "at least one row"),
        (BodyError::TooManyBytes { limit: 7 }, 413, "BODY_TOO_LARGE", "7 bytes"),
        (
            BodyError::NearlyAllRefused { rows: 7, refused: 6, reasons: Vec::new() },
            422,
            "NEARLY_ALL_REFUSED",
            "6 of the first 7 rows",
        ),
        (BodyError::TooManyRows { limit: 9 }, 413, "TOO_MANY_ROWS", "9 rows"),
    ] {
        let (head, document) = document(&Problem::from(error)).await;
        assert_eq!((head.status().as_u16(), document["code"].as_str()), (status, Some(code)));
        assert!(document["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{code}");
    }
}

#[actix_web::test]
async fn headers_tell_a_client_what_to_do_next() {
    let (head, _) = document(&Problem::new(Code::Unauthenticated, "x")).await;
    assert_eq!(head.headers().get(header::WWW_AUTHENTICATE).expect("a challenge"), "Bearer realm=\"padan\"");
    let (head, _) =
        document(&Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).allowing(vec![Method::GET, Method::PUT])).await;
    assert_eq!(head.headers().get(header::ALLOW).expect("methods"), "GET, PUT, HEAD");
    let (head, _) = document(&Problem::from(ServiceError::Quota { of: "rows a day", seconds: 77 })).await;
    assert_eq!(head.headers().get(header::RETRY_AFTER).expect("a time"), "77");
    let (head, _) = document(&Problem::new(Code::TooManyAttempts, "x")).await;
    assert_eq!(head.headers().get(header::RETRY_AFTER).expect("a time"), "60");
}
