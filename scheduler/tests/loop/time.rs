//! Deadlines, periods and lateness.

use std::time::Duration;

use scheduler::{Alarm, Cadence, Exit, Instant, Key, Stop};

use super::{Loop, Program, manual, millis, on_timer, on_timer_then_stop, system};

#[test]
fn an_alarm_follows_its_machine() {
    let (clock, mut s, mut p) = manual();
    let mut alarm = Alarm::new("alarm", 5, on_timer);
    alarm.follow(&mut s, Some(millis(10)));
    alarm.follow(&mut s, Some(millis(10)));
    alarm.follow(&mut s, Some(millis(20)));
    clock.set(millis(15));
    s.turn(&mut p).unwrap();
    assert!(p.log.is_empty());
    alarm.follow(&mut s, Some(millis(16)));
    clock.set(millis(20));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 5"]);
    // It has fired: the same deadline is a new one.
    alarm.follow(&mut s, Some(millis(16)));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 5", "timer 5"]);
    alarm.follow(&mut s, Some(millis(30)));
    alarm.follow(&mut s, None);
    assert_eq!(alarm.deadline(), None);
    clock.set(millis(40));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log.len(), 2);
}

#[test]
fn a_cadence_does_not_drift() {
    let mut cadence = Cadence::new(millis(0), Duration::from_millis(10));
    assert_eq!(cadence.deadline(), millis(10));
    assert_eq!(cadence.advance(millis(9)), 0);
    assert_eq!(cadence.advance(millis(13)), 1);
    assert_eq!(cadence.deadline(), millis(20));
    assert_eq!(cadence.advance(millis(55)), 4);
    assert_eq!(cadence.deadline(), millis(60));
    assert_eq!(
        cadence.advance(Instant::MAX - Duration::from_nanos(1)),
        1_844_674_407_365
    );
}

#[test]
fn the_lateness_hook_is_told_the_worst() {
    fn on_late(p: &mut Program, _: &mut Loop, late: Duration) {
        p.note(format!("late {late:?}"));
    }
    let (clock, mut s, mut p) = manual();
    s.on_late(Duration::from_millis(3), on_late);
    s.at("timer", millis(10), 1, on_timer);
    s.at("timer", millis(11), 2, on_timer);
    s.at("timer", millis(20), 3, on_timer);
    clock.set(millis(15));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 1", "timer 2", "late 5ms"]);
    clock.set(millis(22));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[3..], ["timer 3"]);
    assert_eq!(s.worst_lateness(), Duration::from_millis(5));
    // A deadline in the past is due at once, but nobody has been late for it.
    s.at("timer", Instant::ZERO, 4, on_timer);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[4..], ["timer 4"]);
}

#[test]
fn the_system_clock_wakes_exactly() {
    let (mut s, mut p) = system();
    let start = s.refresh();
    let when = start + Duration::from_micros(1_500);
    s.at("stop", when, 2, on_timer_then_stop);
    s.at("before", start + Duration::from_micros(700), 1, on_timer);
    // An earlier one that is taken back must leave the others in place.
    let id = s.at("never", start + Duration::from_micros(100), 0, on_timer);
    assert!(s.cancel(id));
    assert_eq!(s.run(&mut p).unwrap(), Exit(0));
    assert_eq!(p.log, ["timer 1", "timer 2"]);
    assert!(s.now() >= when);
    assert!(s.rounds() < 10, "{} rounds", s.rounds());
}

#[test]
fn a_deadline_put_off_does_not_fire_early_nor_get_lost() {
    let (mut s, mut p) = system();
    let start = s.refresh();
    let mut alarm = Alarm::new("down timer", 1, on_timer_then_stop);
    alarm.follow(&mut s, Some(start + Duration::from_millis(2)));
    s.at("first round", start, 0, on_put_off);
    p.alarm = Some(alarm);
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["timer 0", "timer 1"]);
    assert!(s.now() >= start + Duration::from_millis(6));

    fn on_put_off(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        let mut alarm = p.alarm.take().unwrap();
        let later = alarm.deadline().unwrap() + Duration::from_millis(4);
        alarm.follow(s, Some(later));
        p.alarm = Some(alarm);
    }
}

#[test]
fn a_thousand_periods_take_no_more_rounds_than_periods() {
    fn on_advert(p: &mut Program, s: &mut Loop, key: Key) {
        p.log.clear();
        let due = p.cadence.deadline();
        p.cadence.advance(s.now());
        p.ticks += 1;
        if p.ticks == 1_000 {
            s.stop(Stop::Now);
        }
        assert!(s.now() >= due);
        s.at("advert", p.cadence.deadline(), key, on_advert);
    }
    let (mut s, mut p) = system();
    p.cadence = Cadence::new(s.refresh(), Duration::from_micros(100));
    s.at("advert", p.cadence.deadline(), 0, on_advert);
    s.run(&mut p).unwrap();
    assert!(s.rounds() <= 1_010, "{} rounds", s.rounds());
}
