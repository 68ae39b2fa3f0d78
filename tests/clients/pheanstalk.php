<?php
// What Pheanstalk 4 (Debian, unmodified) does against a server: `php pheanstalk.php PORT SCENARIO`. Exits 0 when all held.

require "Pheanstalk/autoload.php";

use Pheanstalk\Contract\PheanstalkInterface;
use Pheanstalk\Exception;
use Pheanstalk\JobId;
use Pheanstalk\Pheanstalk;

function expect($expected, $actual, string $what): void
{
    if ($expected === $actual) {
        return;
    }
    fwrite(STDERR, sprintf("%s: expected %s, got %s\n", $what, shorten($expected), shorten($actual)));
    exit(1);
}

function shorten($value): string
{
    return substr(var_export($value, true), 0, 200);
}

function expectThrown(string $class, callable $act, string $what): void
{
    try {
        $act();
    } catch (\Throwable $thrown) {
        expect($class, get_class($thrown), "$what ({$thrown->getMessage()})");
        return;
    }
    expect($class, null, $what);
}

/** A connection that uses and watches only the given tube. */
function connectTo(int $port, string $tube): PheanstalkInterface
{
    return Pheanstalk::create("127.0.0.1", $port)->useTube($tube)->watchOnly($tube);
}

/** A YAML value without the quotes that newer servers put around strings. */
function bare(?string $value): ?string
{
    return $value === null ? null : trim($value, '"');
}

function life(int $port): void
{
    $client = connectTo($port, "php-life");
    $second = $client->put("second", 20, 0, 30);
    $first = $client->put("first", 10, 0, 30);
    $held = $client->reserve();
    expect([$first->getId(), "first"], [$held->getId(), $held->getData()], "reserve takes the smaller priority");
    expect("reserved", $client->statsJob($first)["state"], "state while held");
    $client->touch($first);
    $client->release($first, 30);
    expect("30", $client->statsJob($first)["pri"], "release changes the priority");
    expect($second->getId(), $client->reserveWithTimeout(0)->getId(), "the released job now comes second");
    $client->bury($second, 5);
    expect($second->getId(), $client->peekBuried()->getId(), "peek-buried");
    expect(1, $client->kick(10), "kick");
    expect("ready", $client->statsJob($second)["state"], "state after kick");
    $client->bury($client->reserve());
    $client->kickJob($second);
    expect("ready", $client->statsJob($second)["state"], "state after kick-job");
    foreach ([$first, $second] as $job) {
        $client->delete($job);
    }
    $missing = Exception\JobNotFoundException::class;
    foreach (["delete", "release", "touch", "bury", "kickJob", "peek"] as $command) {
        expectThrown($missing, fn () => $client->$command($first), "$command of a job that is gone");
    }
    expectThrown(Exception\ServerException::class, fn () => $client->statsJob($first), "stats-job of a job that is gone");
}

function delays(int $port): void
{
    $client = connectTo($port, "php-delay");
    $putAt = microtime(true);
    $job = $client->put("later", 0, 1);
    expect($job->getId(), $client->peekDelayed()->getId(), "peek-delayed");
    expect(null, $client->reserveWithTimeout(0), "nothing is ready yet");
    expect($job->getId(), $client->reserve()->getId(), "reserve waits for the delay");
    expect(true, microtime(true) - $putAt > 0.99, "the delay lasted a second");
    $releasedAt = microtime(true);
    $client->release($job, 7, 1);
    expect("delayed", $client->statsJob($job)["state"], "state after a release with delay");
    expect($job->getId(), $client->reserveWithTimeout(5)->getId(), "reserve-with-timeout waits for the delay");
    expect(true, microtime(true) - $releasedAt > 0.99, "the release delay lasted a second");
    expect("7", $client->statsJob($job)["pri"], "priority after release");
    $client->delete($job);
}

function touches(int $port): void
{
    $client = connectTo($port, "php-touch");
    $job = $client->put("slow", 0, 0, 1);
    $client->reserve();
    usleep(600000);
    $client->touch($job);
    expectThrown(Exception\DeadlineSoonException::class, fn () => $client->reserve(), "reserve before the deadline");
    usleep(600000);
    expect("reserved", $client->statsJob($job)["state"], "a touched job outlives its first ttr");
    $client->delete($job);
}

function tubes(int $port): void
{
    $client = connectTo($port, "php-tubes");
    expect("php-tubes", $client->listTubeUsed(true), "list-tube-used");
    expect(["php-tubes"], $client->listTubesWatched(true), "list-tubes-watched");
    $client->watch("php-other");
    expect([], array_diff(["default", "php-tubes", "php-other"], $client->listTubes()), "list-tubes");
    $client->ignore("php-other");
    expect(["php-tubes"], $client->listTubesWatched(true), "list-tubes-watched after ignore");
    expectThrown(Exception\ServerException::class, fn () => $client->ignore("php-tubes"), "ignore the last tube");
}

function documents(int $port): void
{
    $client = connectTo($port, "php-stats");
    expect(null, $client->peekReady(), "peek-ready of an empty tube");
    $job = $client->put("counted", 3, 0, 77);
    expect("counted", $client->peekReady()->getData(), "peek-ready");
    expect("counted", $client->peek($job)->getData(), "peek");
    $stats = $client->statsJob($job);
    $fields = [$stats["id"], bare($stats["tube"]), $stats["state"], $stats["pri"], $stats["ttr"]];
    expect([(string) $job->getId(), "php-stats", "ready", "3", "77"], $fields, "stats-job");
    $tube = $client->statsTube("php-stats");
    $fields = [bare($tube["name"]), $tube->current_jobs_ready, $tube->current_jobs_urgent, $tube->current_watching];
    expect(["php-stats", "1", "1", "1"], $fields, "stats-tube");
    $all = $client->stats();
    expect(["65535", "false"], [$all->max_job_size, $all->draining], "stats");
    expectThrown(Exception\JobNotFoundException::class, fn () => $client->peek(new JobId(4000000000)), "peek of no job");
    $client->delete($job);
}

function pauses(int $port): void
{
    $client = connectTo($port, "php-pause");
    $job = $client->put("held back");
    $pausedAt = microtime(true);
    $client->pauseTube("php-pause", 1);
    expect(null, $client->reserveWithTimeout(0), "a paused tube gives nothing");
    expect($job->getId(), $client->reserve()->getId(), "reserve waits for the end of the pause");
    expect(true, microtime(true) - $pausedAt > 0.99, "the pause lasted a second");
    $client->release($job);
    $client->pauseTube("php-pause", 60);
    $client->resumeTube("php-pause");
    expect($job->getId(), $client->reserveWithTimeout(5)->getId(), "a pause of 0 ends the pause");
    $client->delete($job);
    expectThrown(Exception\ServerException::class, fn () => $client->pauseTube("php-none", 1), "pause of no tube");
}

function binary(int $port): void
{
    $client = connectTo($port, "php-binary");
    $everyByte = implode("", array_map("chr", range(0, 255)));
    foreach ([$everyByte . "\r\n\r\ndelete 1\r\n\0\r\r\n\n" . $everyByte, "", "\r\n"] as $body) {
        $job = $client->put($body);
        expect(true, $client->peek($job)->getData() === $body, "peek gives the same bytes");
        expect(true, $client->reserve()->getData() === $body, "reserve gives the same bytes");
        $client->delete($job);
    }
}

function carriesUpTo(int $port, int $limit): void
{
    $client = connectTo($port, "php-limit");
    $body = random_bytes($limit);
    $job = $client->put($body);
    expect(true, $client->peek($job)->getData() === $body, "peek gives the same bytes");
    expect(true, $client->reserve()->getData() === $body, "reserve gives the same bytes");
    $client->delete($job);
    expectThrown(Exception\JobTooBigException::class, fn () => $client->put($body . "!"), "a body over the limit");
    $client->put("still in step");
    expect("still in step", $client->reserve()->getData(), "the next command after JOB_TOO_BIG");
}

$scenarios = [
    "life" => "life",
    "delays" => "delays",
    "touches" => "touches",
    "tubes" => "tubes",
    "documents" => "documents",
    "pauses" => "pauses",
    "binary" => "binary",
    "limit" => fn (int $port) => carriesUpTo($port, 65535),
    "raised" => fn (int $port) => carriesUpTo($port, 1048576),
];
$scenarios[$argv[2]]((int) $argv[1]);
