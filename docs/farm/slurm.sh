#!/bin/sh
# One film as 40 tasks of a Slurm array, in a folder that all nodes see:
#   sbatch docs/farm/slurm.sh film.mp4 out.mp4
# Cancel it or let it time out at any moment: the same command goes on where it was.
#SBATCH --job-name=dreamvid
#SBATCH --array=1-40
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=08:00:00
#SBATCH --requeue
# For GPUs: #SBATCH --gres=gpu:1
set -eu

# The number of threads decides the rounding of sums: all tasks need the same.
export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"

# No -y: a task that comes late would start the complete film over. It finds the film complete
# instead, which is exit code 4.
dreamvid video "$1" -o "$2" --part "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --quiet ||
    [ $? -eq 4 ]
