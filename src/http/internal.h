/* What the files of http share; nobody else includes it. */
#pragma once
#include <pthread.h>
#include "http/http.h"

/* ---- static files (files.c): read once, served from memory ---- */
typedef struct StaticFile {
  Str path; /* "/assets/app-1a2b.js" */
  Str bytes, gzip;
  const char *type;
  Str etag;
  bool immutable;
} StaticFile;
typedef struct StaticFiles {
  StaticFile *items;
  size_t count;
} StaticFiles;
MUST_CHECK Status static_load(Context *cx, const char *folder, StaticFiles *ret_files);
const StaticFile *static_find(const StaticFiles *files, Str path); /* NULL: none; deep links get index.html */
const char *static_type(Str path);
extern const char PLACEHOLDER_PAGE[];

/* ---- lanes (lane.c) ---- */
typedef struct Job Job;
struct Job {
  Job *next;
  bool grouped;
  Status (*run)(Context *cx, Job *job, void *worker);
  void (*done)(Job *job, Status status, Context *cx); /* cx: the job's own; after the commit for what is grouped */
  Context *cx;
  Status status;
};
typedef struct Lanes Lanes;
MUST_CHECK Status lanes_start(Context *cx, const ServerLane specs[LANE_COUNT], void *app, Lanes **ret_lanes);
bool lanes_add(Lanes *lanes, Lane lane, Job *job); /* false: too many are waiting, or the lanes are ending */
void lanes_stop(Lanes *lanes);                     /* finishes what is queued */
