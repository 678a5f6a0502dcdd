//! Callers that need keys at the same time share one fetch, whatever runtime each of them is in.

use std::{
    future::pending,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};

use futures_util::{
    FutureExt as _,
    future::{join_all, select_all},
    task::noop_waker,
};

use crate::stage::{Stage, at, verify};

/// A future that is done when the test says so.
fn gate() -> (tokio::sync::oneshot::Sender<()>, impl Future<Output = ()> + Send + 'static) {
    let (open, opened) = tokio::sync::oneshot::channel();
    (open, opened.map(|_| ()))
}

#[test]
fn fifty_callers_share_one_fetch() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let (open, opened) = gate();
    stage.wire.hold(opened);
    let callers = (0..50).map(|_| verify(stage.keys.clone(), signed_in.clone(), at(0)));
    let mut all = pin!(join_all(callers));
    let waker = noop_waker();
    assert!(all.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(stage.wire.fetches(), 1);
    open.send(()).unwrap();
    assert!(pollster::block_on(all).iter().all(Result::is_ok));
    assert_eq!((stage.wire.fetches(), stage.wire.key_sets()), (1, 1));
}

#[test]
fn fifty_threads_with_a_runtime_each_share_one_fetch() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let (open, opened) = gate();
    stage.wire.hold(opened);
    let waiting = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for number in 0..50 {
            let (keys, signed_in, waiting) = (stage.keys.clone(), signed_in.clone(), &waiting);
            threads.spawn(move || {
                let mut call = pin!(verify(keys, signed_in, at(0)));
                waiting.fetch_add(1, Ordering::SeqCst);
                if number % 2 == 0 {
                    assert!(pollster::block_on(call).is_ok());
                } else {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    assert!(runtime.block_on(&mut call).is_ok());
                }
            });
        }
        while waiting.load(Ordering::SeqCst) < 50 {
            std::thread::yield_now();
        }
        open.send(()).unwrap();
    });
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn threads_that_block_share_one_fetch() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    std::thread::scope(|threads| {
        for _ in 0..50 {
            threads.spawn(|| assert!(stage.verify_blocking(&signed_in, at(0)).is_ok()));
        }
    });
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn whoever_goes_away_strands_nobody() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let (open, opened) = gate();
    stage.wire.hold(opened);
    let call = || verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed();
    let waker = noop_waker();
    let mut context = Context::from_waker(&waker);
    // The first one drives the fetch, and leaves in the middle of it.
    let (mut first, mut second, mut third) = (call(), call(), call());
    for waiting in [&mut first, &mut second, &mut third] {
        assert!(waiting.poll_unpin(&mut context).is_pending());
    }
    drop(first);
    assert!(second.poll_unpin(&mut context).is_pending());
    drop(second);
    open.send(()).unwrap();
    assert!(pollster::block_on(third).is_ok());
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn a_caller_that_sleeps_is_woken_though_another_drove_the_fetch() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let (open, opened) = gate();
    stage.wire.hold(opened);
    let mut driver = verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed();
    let waker = noop_waker();
    assert!(driver.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    let sleeper = std::thread::spawn({
        let call = verify(stage.keys.clone(), signed_in, at(0));
        move || pollster::block_on(call)
    });
    std::thread::sleep(std::time::Duration::from_millis(20));
    drop(driver);
    open.send(()).unwrap();
    assert!(sleeper.join().unwrap().is_ok());
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn a_fetch_that_everybody_gave_up_is_begun_again() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    stage.wire.hold(pending());
    let waker = noop_waker();
    let mut context = Context::from_waker(&waker);
    let mut call = verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed();
    assert!(call.poll_unpin(&mut context).is_pending());
    drop(call);
    stage.wire.hold(std::future::ready(()));
    assert!(stage.verify(&signed_in, at(0)).is_ok());
    assert_eq!(stage.wire.fetches(), 2);
}

#[test]
fn giving_up_again_and_again_is_no_flood_either() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    stage.wire.hold(pending());
    let waker = noop_waker();
    let mut told = None;
    for _ in 0..1000 {
        let mut call = verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed();
        if let Poll::Ready(result) = call.poll_unpin(&mut Context::from_waker(&waker)) {
            told = Some(result.unwrap_err().to_string());
        }
    }
    assert_eq!(stage.wire.fetches(), 2);
    assert_eq!(told.unwrap(), "no signing keys to check an ID token by; call again later");
}

#[test]
fn all_who_waited_get_the_same_error() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let (open, opened) = gate();
    stage.wire.hold(opened);
    stage.wire.answer("<html>");
    let callers = (0..50).map(|_| verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed());
    let mut all = join_all(callers).boxed();
    let waker = noop_waker();
    assert!(all.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    open.send(()).unwrap();
    assert!(pollster::block_on(all).iter().all(Result::is_err));
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn a_call_can_be_spawned_and_raced() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let spawned = tokio::spawn(verify(stage.keys.clone(), signed_in.clone(), at(0)));
        assert!(spawned.await.unwrap().is_ok());
    });
    let race = (0..3).map(|_| verify(stage.keys.clone(), signed_in.clone(), at(0)).boxed());
    assert!(pollster::block_on(select_all(race)).0.is_ok());
}
