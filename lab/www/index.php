<?php
// FOR THE LAB ONLY. A customer's page with an upload hole, left open on purpose: it stores whatever is sent wherever the sender says, and
// runs it. It is never reachable from outside the lab's network namespaces; never serve it anywhere else.
//
// POST picture=<file> path=<where to keep it> [run=1 [arguments=<words>]]
// With run=1 the file is started as a child of PHP ("a filter for pictures"), and the answer is sent before the child has ended.
declare(strict_types=1);
header('Content-Type: text/plain; charset=utf-8');

if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    exit("Gallery of customer " . gethostname() . ": POST your picture here.\n");
}
$path = (string) ($_POST['path'] ?? '');
if (isset($_FILES['picture'])) {
    if ($path === '' || !move_uploaded_file($_FILES['picture']['tmp_name'], $path)) {
        http_response_code(400);
        exit("Your picture could not be kept.\n");
    }
    chmod($path, 0755);
}
if (!isset($_POST['run'])) {
    exit("Kept.\n");
}
$words = preg_split('/ +/', (string) ($_POST['arguments'] ?? ''), -1, PREG_SPLIT_NO_EMPTY);
$nothing = ['file', '/dev/null', 'r+'];
// Given as a list, so no shell stands between PHP and the script.
$child = proc_open(array_merge([$path], $words), [$nothing, $nothing, $nothing], $pipes);
if ($child === false) {
    http_response_code(500);
    exit("The filter did not start.\n");
}
$answer = "Kept; filter started, process " . proc_get_status($child)['pid'] . ".\n";
header('Content-Length: ' . strlen($answer));
echo $answer;
flush();
proc_close($child);  // waits, so that the script stays PHP's child to its end
